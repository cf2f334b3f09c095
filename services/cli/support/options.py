"""Options that several commands have, and functions that read their values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any, overload

import typer

from services.cli.support.answers import say
from services.common.errors import StopProgram
from services.common.settings.scoring import MODEL_FIELDS, ScoringSettings
from services.common.settings.servers import BrokerSettings, StoreSettings
from services.common.settings.settings import BrokerKind, ScorerKind, Settings
from services.common.values import check_chosen_name, check_pair, check_timeframe, split_pairs

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs as the last line.")]
Broker = Annotated[
    BrokerKind | None, typer.Option("--broker", help="embedded, or rabbitmq with RABBITMQ_* and REDIS_*.")
]
Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--pairs", "-p", help="Such as BTC/USDT,ETH/USDT. Default: TRADING_PAIRS.", show_default=False
    ),
]


OF_STORE = frozenset(StoreSettings.model_fields) | {"broker"}
OF_BROKER = frozenset(BrokerSettings.model_fields)
OF_SCORING = frozenset(ScoringSettings.model_fields) - set(MODEL_FIELDS) | {
    "broker",
    "state_dir",
    "trading_pairs",
    "out_of_reach",
}
OF_LOGGING = frozenset({"log_level", "log_format"})
"""A value for `uses` of `settings_for`, as are the sets above.

Fields of a single scorer are in none of these sets, because they are checked when the scorer is built.
"""


From = Annotated[str | None, typer.Option("--from", help="First day or instant, UTC, such as 2025-05-01.")]
To = Annotated[str | None, typer.Option("--to", help="Day or instant to stop before, UTC.")]
CANDLES = typer.Option(
    "--candles",
    help="Directory with candles such as BTC_USDT-1h.feather, or history: those that were recorded.",
)
SENTIMENT = typer.Option(
    "--sentiment", help="The sentiment CSV, as from `history score`, or history: the recorded signals."
)
ALL_PAIRS = typer.Option("--pairs", "-p", help="Such as BTC/USDT,ETH/USDT. Default: all there are.")
SEED = typer.Option("--seed", min=0, help="The same seed repeats every figure.")
FEE = typer.Option("--fee", min=0, max=0.1, help="As a ratio, 0.001 is 0.1%. Default: the exchange's.")


def read_timeframe(text: str) -> str:
    """The value of --timeframe. Raises StopProgram if the value is not a timeframe."""
    try:
        return check_timeframe(text)
    except ValueError as error:
        raise StopProgram(f"--timeframe: {error}") from None


def read_pairs(given: list[str] | None) -> tuple[str, ...]:
    """The pairs of the command line without duplicates; commas or spaces separate them. Raises StopProgram."""
    try:
        return tuple(check_pair(name) for name in split_pairs(" ".join(given or ())))
    except ValueError as error:
        raise StopProgram(str(error)) from None


def read_names(given: list[str] | None) -> tuple[str, ...]:
    """The pairs and assets of the command line, as `read_pairs` returns pairs. Raises StopProgram."""
    try:
        return tuple(check_chosen_name(name) for name in split_pairs(" ".join(given or ())))
    except ValueError as error:
        raise StopProgram(str(error)) from None


def settings_for(broker: BrokerKind | None = None, *, uses: Collection[str] | None = None) -> Settings:
    """The settings of this machine, which are the same for every command; see `choose_parts`.

    Args:
        broker: the value of --broker; None if it is not given.
        uses: the fields that the command uses; None: all fields. Mistakes in other fields are only reported.

    Raises:
        StopProgram: a variable that the command uses is misspelt, or has a value that is not allowed.
    """
    return choose_parts(load_settings(uses), broker)


def load_settings(uses: Collection[str] | None = None) -> Settings:
    """The settings of `Settings.load`; variables that it ignores are reported. Raises StopProgram."""
    settings = Settings.load(uses=uses)
    if uses is not None:
        for mistake in settings.unusable:
            if mistake.field not in MODEL_FIELDS:  # such mistakes are reported when the scorer is built
                say(f"ignored, as this command does not use it: {mistake.line}")
    return settings


def choose_parts(settings: Settings, broker: BrokerKind | None) -> Settings:
    """Replace an unset BROKER by embedded, and an unset scorer by the lexicon unless the settings point to Ollama.

    BROKER=rabbitmq, OLLAMA_MODEL, and OLLAMA_HOST in `.env` point to Ollama; OLLAMA_HOST in the environment alone
    does not, because it may be meant for the Ollama server itself. So `queues`, `doctor` and `score` use the same
    broker and scorer as `up`. `broker` is the value of --broker; it does not change the scorer. A service that is
    started by itself uses the defaults of the settings instead.
    """
    given = settings.model_fields_set | settings.named_in_file
    configured = settings.broker if "broker" in given else BrokerKind.EMBEDDED
    for_ollama = "ollama_model" in given or "ollama_host" in settings.named_in_file
    changes: dict[str, Any] = {"broker": broker or configured}
    if configured is BrokerKind.EMBEDDED and not for_ollama and "sentiment_scorer" not in given:
        changes["sentiment_scorer"] = ScorerKind.LEXICON
    return settings.changed(**changes)


@overload
def read_period(start: str, end: str) -> tuple[datetime, datetime]: ...


@overload
def read_period(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]: ...


def read_period(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """The start and the end as instants in UTC, None if not given; a time without an offset is taken as UTC.

    Raises:
        StopProgram: a text is not a date, or the period is empty.
    """
    first, last = read_instant("--from", start), read_instant("--to", end)
    if first is not None and last is not None and first >= last:
        raise StopProgram(
            f"--from {start} is not before --to {end}: the period is empty; expected an earlier start"
        )
    return first, last


def read_instant(option: str, text: str | None) -> datetime | None:
    """The instant in UTC, None if `text` is None; a time without an offset is taken as UTC. Raises StopProgram."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StopProgram(
            f"{option} {text!r} is no date; write for example 2025-05-01 or 2025-05-01T12:00:00+00:00"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
