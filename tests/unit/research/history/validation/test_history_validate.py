"""Validation: what makes data unfit is an error with its line, what one should know is a warning."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from services.common.errors import StopProgram
from services.research.history.scoring.signal_rows import COLUMNS, REQUIRED_COLUMNS
from services.research.history.validation.findings import Level
from services.research.history.validation.validating import Validation, validate

NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def signal(number: int, **changes: str) -> dict[str, str]:
    row = {
        "available_at": (NOON + number * HOUR).isoformat(),
        "published": (NOON + number * HOUR - timedelta(minutes=20)).isoformat(),
        "pair": "BTC/USDT",
        "score": "0.5",
        "label": "bullish",
        "confidence": "0.4",
        "scope": "asset",
        "degraded": "false",
        "weight": "1.0",
        "corroboration": "0.0",
        "article_id": f"a{number}",
        "revision": "0",
        "source": "wire",
        "headline": "Bitcoin rises, and more",
        "model": "m",
        "owner": "",
        "suspected": "false",
        "event_type": "other",
    }
    return {**row, **changes}


def write(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_candles(
    folder: Path, pair: str = "BTC_USDT", *, hours: int = 48, without: tuple[int, ...] = ()
) -> Path:
    folder.mkdir(exist_ok=True)
    opens = [NOON - 12 * HOUR + hour * HOUR for hour in range(hours) if hour not in without]
    frame = pd.DataFrame({"date": pd.to_datetime(opens, utc=True).as_unit("ms")})
    for name in ("open", "high", "low", "close", "volume"):
        frame[name] = 100.0
    frame.to_feather(folder / f"{pair}-1h.feather")
    return folder


def check(sentiment: Path | None = None, candles: Path | None = None) -> Validation:
    return validate(
        candles,
        sentiment,
        timeframe=None,
        staleness=timedelta(hours=4),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def kinds(found: Validation, level: Level = Level.ERROR) -> dict[str, int]:
    return {finding.kind: finding.count for finding in found.findings.of(level)}


def test_good_data_has_neither_errors_nor_warnings_and_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [signal(number) for number in range(3)])
    found = check(path, write_candles(tmp_path / "candles"))
    assert found.findings.ok
    assert kinds(found, Level.WARNING) == {}
    facts = found.as_json()
    assert facts["candles"][0]["months"] == {"2025-05": 48}
    # Available at 12:00, 13:00 and 14:00, published 20 minutes before, fresh for four hours: 13:00 to 17:00.
    assert facts["sentiment"]["pairs"]["BTC/USDT"] == {
        "signals": {"2025-05": 3},
        "hours_with_fresh_sentiment": {"2025-05": 5},
    }


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("bad_score", {"score": "nan"}),
        ("bad_score", {"score": "1.5"}),
        ("bad_confidence", {"confidence": ""}),
        ("bad_available_at", {"available_at": "2025-05-01T13:00:00"}),
        ("bad_published", {"published": "yesterday"}),
        ("bad_label", {"label": "great"}),
        ("bad_scope", {"scope": "planet"}),
        ("bad_pair", {"pair": ""}),
        ("bad_revision", {"revision": "-1"}),
        ("wrong_label", {"label": "neutral"}),
        ("before_its_news", {"published": (NOON + 2 * HOUR).isoformat()}),
        ("not_sorted", {"available_at": (NOON - HOUR).isoformat(), "published": (NOON - HOUR).isoformat()}),
        ("repeated", {"article_id": "a0"}),
        ("in_the_future", {"available_at": "2031-01-01T00:00:00+00:00"}),
    ],
)
def test_a_bad_row_is_an_error_that_names_its_line(
    tmp_path: Path, kind: str, changes: dict[str, str]
) -> None:
    path = write(tmp_path / "s.csv", [signal(0), signal(1, **changes)])
    (finding,) = check(path).findings.of(Level.ERROR)
    assert (finding.kind, finding.count) == (kind, 1)
    assert finding.where == str(path)
    assert finding.message.startswith("line 3: ")


def test_a_higher_revision_is_no_repetition(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [signal(0), signal(1, article_id="a0", revision="1")])
    assert check(path).findings.ok


def test_problems_of_one_kind_are_counted_and_the_first_is_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [signal(number, score="nan") for number in range(5)])
    (finding,) = check(path).findings.of(Level.ERROR)
    assert finding.count == 5
    assert "line 2: score is 'nan', expected a number from -1 to 1" in finding.message


def test_what_one_should_know_is_a_warning(tmp_path: Path) -> None:
    rows = [
        signal(0, published=(NOON - 9 * HOUR).isoformat()),
        signal(1, available_at="2025-05-01T15:00:00+02:00"),
        signal(400),
    ]
    found = check(write(tmp_path / "s.csv", rows), write_candles(tmp_path / "candles", without=(5, 6)))
    assert found.findings.ok
    assert kinds(found, Level.WARNING) == {
        "missing_candles": 2,
        "stale_at_once": 1,
        "other_time_zone": 1,
        "outside_candles": 1,
    }


def cut_text(path: Path) -> None:
    path.write_text(path.read_text()[:-30])


def open_end(path: Path) -> None:
    path.write_text(path.read_text().rstrip("\n"))


def open_quote(path: Path) -> None:
    path.write_text(path.read_text() + '2025-05-02T00:00:00+00:00,"2025')


def empty(path: Path) -> None:
    path.write_text("")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [(cut_text, "unreadable"), (open_end, "cut_off"), (open_quote, "unreadable"), (empty, "unreadable")],
)
def test_a_file_that_is_cut_off_is_an_error(
    tmp_path: Path, damage: Callable[[Path], None], kind: str
) -> None:
    path = write(tmp_path / "s.csv", [signal(number) for number in range(4)])
    damage(path)
    assert list(kinds(check(path))) == [kind]


def test_a_gzip_file_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "s.csv.gz"
    whole = gzip.compress(write(tmp_path / "s.csv", [signal(number) for number in range(99)]).read_bytes())
    path.write_bytes(whole[: len(whole) // 2])
    assert kinds(check(path)) == {"unreadable": 1}


def test_missing_columns_and_rows_are_errors(tmp_path: Path) -> None:
    without = write(tmp_path / "w.csv", [signal(0)], COLUMNS[1:])
    (finding,) = check(without).findings.of(Level.ERROR)
    assert "line 1: no column available_at; expected available_at,published" in finding.message
    assert kinds(check(write(tmp_path / "e.csv", []))) == {"no_rows": 1}


def test_a_file_of_an_older_version_is_in_order_without_the_later_columns(tmp_path: Path) -> None:
    assert not kinds(check(write(tmp_path / "s.csv", [signal(0), signal(1)], REQUIRED_COLUMNS)))


def test_a_pair_without_candles_or_wholly_outside_them_is_an_error(tmp_path: Path) -> None:
    candles = write_candles(tmp_path / "candles")
    elsewhere = write(tmp_path / "e.csv", [signal(0), signal(1, pair="ETH/USDT", article_id="b")])
    assert kinds(check(elsewhere, candles)) == {"pair_without_candles": 1}
    outside = write(tmp_path / "o.csv", [signal(1000), signal(1001)])
    assert kinds(check(outside, candles)) == {"outside_candles": 2}


def test_unusable_candles_are_errors_by_file_and_the_others_are_still_checked(tmp_path: Path) -> None:
    candles = write_candles(tmp_path / "candles")
    (candles / "ETH_USDT-1h.feather").write_bytes(b"cut off")
    found = check(candles=candles)
    (finding,) = found.findings.of(Level.ERROR)
    assert finding.kind == "unusable_candles"
    assert finding.where.endswith("ETH_USDT-1h.feather")
    assert [coverage.pair for coverage in found.candles] == ["BTC/USDT"]


def test_a_directory_without_candles_is_an_error(tmp_path: Path) -> None:
    assert kinds(check(candles=tmp_path)) == {"no_candles": 1}


def test_what_is_not_there_stops_the_program(tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match="is not a directory"):
        check(candles=tmp_path / "absent")
    with pytest.raises(StopProgram, match="is not there"):
        check(tmp_path / "absent.csv")
    with pytest.raises(StopProgram, match="nothing to check"):
        check()
