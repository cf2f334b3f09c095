"""`cryptoboy backtest`: compares a strategy with and without sentiment, and with chance, on past candles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.support import options
from services.cli.support.answers import answer_console, page_file, print_json, say
from services.cli.support.progress import progress_of
from services.cli.support.recorded import RECORDED, own_trades, with_recorded
from services.cli.support.reports import keep_own_trades, write_report
from services.common.errors import StopProgram, TryLater
from services.launch.freqtrade.config import chosen_staleness

if TYPE_CHECKING:
    from services.common.settings.settings import Settings
    from services.research.backtest.plan import Plan

_MOST_JOBS = 4


class NewsScope(StrEnum):
    """What the news is about that counts."""

    ALL = "all"
    ASSET = "asset"
    MARKET = "market"


def backtest(
    start: Annotated[str, typer.Option("--from", help="First day or instant, UTC, such as 2025-05-01.")],
    end: Annotated[
        str, typer.Option("--to", help="Last instant, UTC, such as 2025-07-01, which is midnight.")
    ],
    candles: Annotated[Path | None, options.CANDLES] = None,
    sentiment: Annotated[Path | None, options.SENTIMENT] = None,
    user_data: Annotated[
        Path | None,
        typer.Option(help="Freqtrade's directory with a strategy of your own, which has the mixin."),
    ] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", "-s", help="The class of the strategy in --user-data.")
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(
            "--config", "-c", help="Freqtrade's configuration. Default: config.json in --user-data."
        ),
    ] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="Candles to trade on. Default: 1h, or your strategy's own.")
    ] = None,
    timeframe_detail: Annotated[
        str | None, typer.Option(help="Shorter candles for what happens within a candle.")
    ] = None,
    pairs: Annotated[list[str] | None, options.ALL_PAIRS] = None,
    controls: Annotated[
        int, typer.Option(min=1, help="Number of controls, with the news moved to another time.")
    ] = 199,
    seed: Annotated[int, options.SEED] = 1,
    fee: Annotated[float | None, options.FEE] = None,
    stake: Annotated[
        float | None,
        typer.Option(
            "--stake-amount", "--stake", min=0.01, help="Of one trade. Default: balance / max open trades."
        ),
    ] = None,
    wallet: Annotated[
        float | None,
        typer.Option(
            "--dry-run-wallet", "--wallet", min=1, help="Balance at the start. Default: DRY_RUN_WALLET."
        ),
    ] = None,
    max_open_trades: Annotated[int | None, typer.Option(min=1, help="Default: one for each pair.")] = None,
    protections: Annotated[
        bool,
        typer.Option("--enable-protections/--no-protections", help="The strategy's pauses after losses."),
    ] = True,
    staleness_hours: Annotated[
        float | None,
        typer.Option(min=0.01, help="News older than this is no sentiment. Default: the strategy's."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A threshold: a field of the section cryptoboy, or a parameter of the strategy. Repeatable.",
        ),
    ] = None,
    events: Annotated[
        str | None, typer.Option(help="Only news of these kinds counts, such as hack,delisting.")
    ] = None,
    sources: Annotated[
        str | None, typer.Option(help="Only news of these sources counts, as the sentiment CSV names them.")
    ] = None,
    scope: Annotated[
        NewsScope, typer.Option(help="Only news about the asset, or about the market, counts.")
    ] = NewsScope.ALL,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that run the controls; figures do not depend on it.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Also write a page with charts: a file, or a directory to name one in."),
    ] = None,
    json_output: options.Json = False,
) -> None:
    """Compare a strategy with and without news, with buy and hold, and with the same news at random times.

    Example: ./cryptoboy backtest --candles candles --sentiment sentiment.csv --from 2025-05-01 --to 2025-07-01

    Your own: ./cryptoboy backtest --user-data user_data --strategy Mine --sentiment sentiment.csv --from ... --to ...
    """
    if user_data is None and (strategy or config):
        raise StopProgram(
            "--strategy and --config are for a strategy of your own: name its directory too, with --user-data DIR"
        )
    is_recorded = sentiment == RECORDED
    candles, sentiment = with_recorded(candles, sentiment)
    settings = options.load_settings(options.OF_LOGGING | {"dry_run_wallet"})
    first, last = options.read_period(start, end)
    page = page_file(html, f"backtest-{start[:10]}-{end[:10]}.html")

    from services.common.runtime.logging import configure_logging
    from services.research.backtest.report.report import backtest_json
    from services.research.backtest.run import run_backtest
    from services.research.backtest.selection import Selection

    configure_logging(settings.changed(log_level="WARNING"), "backtest")
    given = {
        "candles": candles,
        "sentiment": sentiment,
        "timeframe": timeframe and options.read_timeframe(timeframe),
        "timeframe_detail": timeframe_detail and options.read_timeframe(timeframe_detail),
        "start": first,
        "end": last,
        "pairs": options.read_pairs(pairs) or None,
        "controls": controls,
        "seed": seed,
        "wallet": wallet,
        "stake": stake,
        "max_open_trades": max_open_trades,
        "fee": fee,
        "protections": protections,
        "staleness_hours": staleness_hours,
        "selection": Selection(_names(events), _names(sources), scope.value),
        "changes": _assigned(changes or ()),
    }
    given = {name: value for name, value in given.items() if value is not None}
    plan = (
        _own_plan(settings, given) if user_data is None else _users_plan(user_data, config, strategy, given)
    )
    with progress_of("backtest") as report:
        processes = jobs or min(os.cpu_count() or 1, _MOST_JOBS)
        found = run_backtest(plan, jobs=processes, progress=report)
    answer = backtest_json(found)
    if is_recorded:
        try:
            own = own_trades(found)
        except (TryLater, StopProgram) as away:  # the backtest took long and stands
            say(f"not compared with the bot's own trades: {away}")
        else:
            if own:
                answer["own_trades"] = own.as_json()
                keep_own_trades(found, own)
    if page is not None:
        from services.research.backtest.report.page import backtest_page

        write_report(page, "backtest", backtest_page(found))
    if json_output:
        print_json(answer)
        return

    from services.cli.views.backtest import show_backtest

    show_backtest(answer, answer_console())
    if page is not None:
        print(f"\nCharts: {page}")


def _own_plan(settings: Settings, given: Mapping[str, Any]) -> Plan:
    """The plan for the strategy of this project, which trades as in the live bot."""
    from services.research.backtest.plan import Plan

    if missing := [f"--{name}" for name in ("candles", "sentiment") if name not in given]:
        raise StopProgram(f"{' and '.join(missing)} must be given, or --user-data for a strategy of your own")
    defaults: dict[str, Any] = {
        "timeframe": "1h",
        "wallet": settings.dry_run_wallet,
        "staleness_hours": chosen_staleness(settings),
    }
    return Plan(**{**defaults, **given})


def _users_plan(
    folder: Path, configs: list[Path] | None, strategy: str | None, given: Mapping[str, Any]
) -> Plan:
    """The plan for a strategy in somebody's directory."""
    from services.research.backtest.strategies.planning import plan_of
    from services.research.backtest.strategies.user_data import read_user_data

    return plan_of(read_user_data(folder, configs or (), strategy), given)


def _names(text: str | None) -> tuple[str, ...]:
    """The names in a list that commas separate; a name may have spaces."""
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))


def _assigned(texts: Iterable[str]) -> dict[str, str]:
    """The values of --set by name. Raises StopProgram."""
    assigned: dict[str, str] = {}
    for text in texts:
        name, is_there, value = text.partition("=")
        if not (is_there and name.strip() and value.strip()):
            raise StopProgram(f"--set {text!r}: expected NAME=VALUE, such as --set veto_below=-0.5")
        if name.strip() in assigned:
            raise StopProgram(f"--set {name.strip()} is there twice: keep one of the values")
        assigned[name.strip()] = value.strip()
    return assigned
