"""Maps ccxt's errors to reactions: what may pass by itself, and what will not."""

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
    """An error in one line of limited length, without the credentials that a URL may contain."""
    text = " ".join(f"{type(error).__name__} {error}".split())
    text = _SIGNED.sub(r"\1***", _CREDENTIALS.sub("//***@", text))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."


@asynccontextmanager
async def asking(what: str) -> AsyncIterator[None]:
    """Call an exchange within this block.

    Raises:
        NeverWorks: the exchange refuses the request: unknown symbol, bad request, no permission.
        TryLater: any other failure, including answers that ccxt cannot process.
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
