"""`cryptoboy sentiment`: shows the current sentiment of each pair as the strategy sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import OF_STORE, Json, read_names, settings_for
from services.cli.views.sentiment import show_sentiment
from services.operations.connections import connected_store
from services.operations.sentiment import read_sentiment


def sentiment(
    pairs: Annotated[
        list[str] | None,
        typer.Argument(help="Pairs such as BTC/USDT, or assets such as SOL; default: TRADING_PAIRS."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Show score, label, age and headline of the newest signal for each pair, and the aggregate of recent ones.

    The state is fresh, or the reason why the strategy does not use the signal: stale, none, suspected (the article
    contains instructions for a machine), weight 0 (its source has that weight). A suspected signal is shown only if
    there is no other.

    Example: ./cryptoboy sentiment BTC/USDT
    """
    settings = settings_for(uses=OF_STORE | {"trading_pairs"})
    wanted = read_names(pairs) or settings.trading_pairs
    with connected_store(settings) as store:
        report = read_sentiment(store, settings, wanted, datetime.now(UTC))
    if json_output:
        print_json(report.as_json())
    else:
        show_sentiment(report)
