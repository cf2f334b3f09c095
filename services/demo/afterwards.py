"""Shows the page of a demo that has ended, from what its folder keeps."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from services.common.runtime.ports import free_port
from services.common.settings.settings import CURRENT_ENV_FILE, BrokerKind, Settings
from services.common.store.embedded.access import with_socket
from services.demo.plan import DemoPlan
from services.launch.page import page_link, serve_until_stopped
from services.launch.stack import Stack, free_health_ports

FILE_NAME = "demo.env"


def settings_afterwards(plan: DemoPlan, settings: Settings) -> Settings:
    """The settings with which the folder of a demo is shown: the embedded store, whichever servers the demo used.

    No service of another system on this machine is shown as one of the demo.
    """
    embedded = settings.broker is BrokerKind.EMBEDDED
    return with_socket(
        Settings(
            broker=BrokerKind.EMBEDDED,
            state_dir=settings.state_dir,
            trading_pairs=settings.trading_pairs,
            candle_timeframe=settings.candle_timeframe,
            news_sources_file=settings.news_sources_file,
            redis_port=settings.redis_port if embedded else free_port(),
            api_port=settings.api_port,
            api_note=plan.note(has_ended=True),
            api_services=tuple(f"{name}=127.0.0.1:{port}" for name, port in free_health_ports().items()),
        )
    )


def command_afterwards(plan: DemoPlan, settings: Settings, folder: Path) -> str:
    """Write the settings into the folder of a demo, and return the command that shows its page with them.

    Raises:
        OSError: the file cannot be written.
    """
    file = folder / FILE_NAME
    shown = settings_afterwards(plan, settings)
    kept = {
        "BROKER",
        "STATE_DIR",
        "TRADING_PAIRS",
        "CANDLE_TIMEFRAME",
        "NEWS_SOURCES_FILE",
        "REDIS_PORT",
        "API_PORT",
        "API_NOTE",
        "API_SERVICES",
    }
    lines = [f"{name}={value}\n" for name, value in shown.environment().items() if name in kept]
    file.write_text("".join(lines), "utf-8")
    return f"{CURRENT_ENV_FILE}={shlex.quote(str(file))} ./cryptoboy serve"


def show_until_stopped(plan: DemoPlan, settings: Settings, folder: Path, tell: Callable[[str], None]) -> None:
    """Serve the page of a demo that has ended until Ctrl-C, by the machine's own clock.

    Raises:
        StopProgram: the API or the store does not become ready.
    """
    shown = settings_afterwards(plan, settings)
    tell("starting the page again, without the programs of the demo ...")
    stack = Stack(shown, folder / "afterwards", has_bot=False)

    def ready() -> None:
        tell(f"the page stays until Ctrl-C: {page_link(shown)} (opens once)")

    serve_until_stopped(stack, tell, ready)
