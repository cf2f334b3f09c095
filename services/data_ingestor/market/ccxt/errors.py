"""Converts ccxt's errors to `TryLater` if a later attempt may succeed, and to `NeverWorks` otherwise."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.errors import NeverWorks, TryLater

_LONGEST_TEXT = 300
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_SIGNED = re.compile(
    r"((?:signature|apikey|api_key|secret|token|password)[\"']?[=:]\s*[\"']?)[^&\s\"',}]+", re.IGNORECASE
)


def one_line(error: BaseException) -> str:
    """Return an error as one line of limited length, without credentials that a URL may contain."""
    text = " ".join(f"{type(error).__name__} {error}".split())
    text = _SIGNED.sub(r"\1***", _CREDENTIALS.sub("//***@", text))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."


@asynccontextmanager
async def asking(what: str) -> AsyncIterator[None]:
    """Convert the errors of ccxt calls that are made within this block.

    Raises:
        NeverWorks: the exchange refuses the request (unknown symbol, bad request or no permission).
        TryLater: the call fails for another reason, such as an answer that ccxt cannot process.
    """
    import ccxt

    refusals = (
        ccxt.AuthenticationError,
        ccxt.BadRequest,  # BadSymbol among them
        ccxt.NotSupported,
        ccxt.ArgumentsRequired,
        ccxt.OperationRejected,  # a closed market, a place it does not serve
        ccxt.InvalidProxySettings,
    )
    try:
        yield
    except refusals as error:
        raise NeverWorks(f"asked {what}: refused, {one_line(error)}.") from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # ccxt cancels whatever waits for a connection that it closes; this task itself was not cancelled.
        raise TryLater(f"asked {what}: the connection was closed.") from error
    except Exception as error:
        raise TryLater(f"asked {what}: {one_line(error)}.") from error
