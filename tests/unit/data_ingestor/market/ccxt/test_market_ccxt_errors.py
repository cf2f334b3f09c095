from __future__ import annotations

import asyncio

import ccxt
import pytest

from services.common.errors import NeverWorks, TryLater
from services.data_ingestor.market.ccxt.errors import asking, one_line


def ask(error: BaseException) -> None:
    async def question() -> None:
        async with asking("binance for candles of BTC/USDT"):
            raise error

    asyncio.run(question())


@pytest.mark.parametrize(
    "error",
    [
        ccxt.NetworkError("reset"),
        ccxt.RequestTimeout("slow"),
        ccxt.ExchangeNotAvailable("503"),
        ccxt.OnMaintenance("back soon"),
        ccxt.RateLimitExceeded("429"),
        ccxt.DDoSProtection("418"),
        ccxt.ExchangeError("who knows"),
        ccxt.BadResponse("<html>"),
        KeyError("klines"),
        ConnectionResetError("gone"),
    ],
)
def test_what_may_pass_is_tried_later(error: Exception) -> None:
    with pytest.raises(TryLater, match="asked binance for candles of BTC/USDT"):
        ask(error)


@pytest.mark.parametrize(
    "error",
    [
        ccxt.BadSymbol("NOPE"),
        ccxt.BadRequest("illegal"),
        ccxt.AuthenticationError("no key"),
        ccxt.PermissionDenied("no"),
        ccxt.RestrictedLocation("not there"),
        ccxt.NotSupported("no candles"),
    ],
)
def test_what_is_refused_never_works(error: Exception) -> None:
    with pytest.raises(NeverWorks, match=type(error).__name__):
        ask(error)


def test_a_connection_closed_by_the_library_is_tried_later() -> None:
    with pytest.raises(TryLater, match="closed"):
        ask(asyncio.CancelledError())


def test_our_own_cancellation_goes_through() -> None:
    async def main() -> None:
        async def question() -> None:
            async with asking("binance"):
                await asyncio.sleep(3600)

        task = asyncio.create_task(question())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_an_error_is_told_in_one_bounded_line_without_credentials() -> None:
    text = one_line(
        ccxt.NetworkError(
            "GET http://user:hunter2@proxy:3128\n?apiKey=abc123&signature=def456 {'secret': 'xyz789'} "
            + "x" * 900
        )
    )

    assert len(text) <= 300
    assert "\n" not in text
    for secret in ("hunter2", "abc123", "def456", "xyz789"):
        assert secret not in text
