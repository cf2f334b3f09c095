"""A small archive of news with candles of one hour, for the command that makes examples of texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

DAY = datetime(2026, 3, 20, 8, tzinfo=UTC)
"""The beginning of its busiest day."""
SECRET = "Zanzibar"
"""A word that each of its texts has."""


def write_archive(folder: Path) -> tuple[Path, Path]:
    """Write the news and the candles; return the file of the news and the directory of the candles."""
    rows = ["published,source,title,text,url"]
    words = ("surges to a record high", "crashes after a hack", "wins approval from the regulator")
    for number in range(40):
        early, late = DAY - timedelta(days=3) + timedelta(hours=number), DAY + timedelta(minutes=30 * number)
        moment = early if number < 10 else late
        title = f"Bitcoin {words[number % 3]} in {SECRET} {number}"
        rows.append(
            f"{moment.isoformat()},{SECRET} {number % 4},{title},{SECRET},https://{SECRET}.example/{number}"
        )
    news = folder / "news.csv"
    news.write_text("\n".join(rows) + "\n")
    candles = folder / "candles"
    candles.mkdir()
    hours = pd.date_range(DAY - timedelta(days=25), DAY + timedelta(days=2), freq="1h", tz="UTC")
    dates = hours.astype("datetime64[ms, UTC]")
    for pair in ("BTC_USDT", "ETH_USDT", "BNB_USDT"):
        close = [100.0 + (number * 7 % 13) for number in range(len(dates))]
        frame = pd.DataFrame(
            {"date": dates, "open": close, "high": close, "low": close, "close": close, "volume": 1.0}
        )
        frame.to_feather(candles / f"{pair}-1h.feather")
    return news, candles
