"""`cryptoboy mcp`: answers questions of a language model over standard input and output."""

from __future__ import annotations

from contextlib import closing

from services.cli.support.options import settings_for
from services.cli.support.trading import prepare_feeds


def mcp() -> None:
    """Let a program with a language model ask what was recorded, over MCP on standard input and output.

    The tools read sentiment, stories with their receipts, trades and why they were made, how the scores did, sources,
    and studies. None of them can trade, pause, change or spend anything. The program starts this command itself; in
    its configuration the command is `./cryptoboy` with the argument `mcp`. Over HTTP the same tools are at /mcp of
    the API, behind its keys.

    Example: ./cryptoboy mcp
    """
    from services.api.figures import Figures
    from services.api.mcp.server import Questions, build_mcp  # takes seconds
    from services.common.clock import SystemClock
    from services.common.history.open import open_reader
    from services.common.store.open import open_store

    settings = prepare_feeds(settings_for(), "mcp").settings
    with closing(open_reader(settings)) as history, closing(open_store(settings)) as store:
        clock = SystemClock()
        figures = Figures(settings, clock, history)
        build_mcp(Questions(settings, clock, history, store, figures)).run("stdio")
