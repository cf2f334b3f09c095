"""Faults that can be switched on while the exchange runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.common.clock import to_ms
from services.common.values import UtcTime


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Channel(StrEnum):
    """The interface that a fault affects."""

    REST = "rest"
    WEBSOCKET = "websocket"
    BOTH = "both"


class RestError(_Model):
    """A fault that answers REST requests with an error status."""

    status: Annotated[int, Field(ge=400, le=599)] = 503
    path: Annotated[str, Field(description="requests whose path begins like this")] = "/"
    times: Annotated[int | None, Field(gt=0, description="how many requests; null: until switched off")] = (
        None
    )


class MissingCandles(_Model):
    """A fault that omits the candles that open at or after `start` and before `end` (wall-clock times)."""

    start: UtcTime
    end: UtcTime
    symbol: Annotated[str | None, Field(description="for example BTCUSDT; null: every symbol")] = None
    channel: Channel = Channel.BOTH

    @model_validator(mode="after")
    def _is_an_interval(self) -> MissingCandles:
        if self.start >= self.end:
            raise ValueError("start must lie before end")
        return self

    def hides(self, symbol: str, open_ms: int, channel: Channel) -> bool:
        """Whether this fault omits, on `channel`, the candle of `symbol` that opens at `open_ms`."""
        return (
            self.symbol in {None, symbol}
            and self.channel in {Channel.BOTH, channel}
            and to_ms(self.start) <= open_ms < to_ms(self.end)
        )


class RecurringGap(_Model):
    """A fault that omits the candles of every symbol that open in the last `length_seconds` of each `every_seconds`.

    Times are those of the wall clock, counted from the epoch.
    """

    every_seconds: Annotated[int, Field(gt=0)]
    length_seconds: Annotated[int, Field(gt=0)]

    @model_validator(mode="after")
    def _leaves_candles(self) -> RecurringGap:
        if self.length_seconds >= self.every_seconds:
            raise ValueError("length_seconds must be less than every_seconds")
        return self

    def hides(self, open_ms: int) -> bool:
        """Whether this fault omits the candle that opens at `open_ms`."""
        return open_ms // 1000 % self.every_seconds >= self.every_seconds - self.length_seconds


class Faults(_Model):
    """The faults that are active at present. By default there are no faults."""

    rest_errors: tuple[RestError, ...] = ()
    latency_seconds: Annotated[
        float, Field(ge=0, le=300, description="real seconds before a REST answer or websocket handshake")
    ] = 0.0
    refuse_websockets: Annotated[bool, Field(description="answer new websockets with 503")] = False
    silent_websockets: Annotated[bool, Field(description="websockets stay open and say nothing")] = False
    drop_websockets_seconds: Annotated[
        float | None,
        Field(gt=0, description="real seconds after which all open websockets are cut, again and again"),
    ] = None
    missing_candles: tuple[MissingCandles, ...] = ()
    recurring_gap: RecurringGap | None = None

    def hides(self, symbol: str, open_ms: int, channel: Channel) -> bool:
        """Whether any fault omits, on `channel`, the candle of `symbol` that opens at `open_ms`."""
        if self.recurring_gap is not None and self.recurring_gap.hides(open_ms):
            return True
        return any(gap.hides(symbol, open_ms, channel) for gap in self.missing_candles)


class FaultSwitches:
    """Stores the active faults, and counts the remaining uses of a fault that is limited in number."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._faults = faults or Faults()

    @property
    def current(self) -> Faults:
        """The faults that are active now."""
        return self._faults

    def switch(self, **changes: Any) -> Faults:  # noqa: ANN401 - the model checks each value
        """Replace the faults named in `changes` (fields of `Faults`) and keep the others.

        Raises:
            pydantic.ValidationError: a name or value is not valid for `Faults`.
        """
        named = Faults.model_validate(changes)
        self._faults = self._faults.model_copy(update={name: getattr(named, name) for name in changes})
        return self._faults

    def clear(self) -> None:
        """Remove all faults."""
        self._faults = Faults()

    def take_rest_error(self, path: str) -> int | None:
        """Return the error status with which to answer a request for `path`, or None to answer it normally.

        Each call that returns an error status counts towards the limit of the fault.
        """
        for index, error in enumerate(self._faults.rest_errors):
            if path.startswith(error.path):
                self._count_down(index, error)
                return error.status
        return None

    def _count_down(self, index: int, error: RestError) -> None:
        if error.times is None:
            return
        left = (error.model_copy(update={"times": error.times - 1}),) if error.times > 1 else ()
        errors = self._faults.rest_errors
        remaining = (*errors[:index], *left, *errors[index + 1 :])
        self._faults = self._faults.model_copy(update={"rest_errors": remaining})
