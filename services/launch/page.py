"""The address of the page, and the API that runs alone to serve it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from time import sleep as pause

from services.common.secrets.links import make_link
from services.common.services import API
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import accepts_connections
from services.common.store.embedded.process import is_installed
from services.launch.probes import get_json
from services.launch.stack import Stack
from services.launch.supervisor import ProcessSpec, Supervisor
from services.launch.watch import Watch

LOOK_EVERY_SECONDS = 1.0
START_TIMEOUT_SECONDS = 90.0


def page_address(settings: Settings) -> str:
    """The address of the page for a browser on this machine."""
    return f"http://127.0.0.1:{settings.api_port}"


def page_link(settings: Settings) -> str:
    """A link to the page that can be opened once, in the next 12 hours.

    Raises:
        OSError, StopProgram: the link cannot be kept in STATE_DIR.
    """
    return make_link(settings.state_dir, page_address(settings))


def is_served(settings: Settings) -> bool:
    """Whether an API answers on API_PORT of this machine."""
    _, body = get_json(f"{page_address(settings)}/live")
    return isinstance(body, dict) and body.get("service") == API


def serve_until_stopped(stack: Stack, tell: Callable[[str], None], when_ready: Callable[[], None]) -> None:
    """Run the API, start it again if it ends, and stop it at Ctrl-C.

    The embedded Redis runs beside it where it is installed and nobody runs it, so that the page shows and changes what
    it keeps.

    Args:
        stack: its settings and folder.
        tell: shows a message.
        when_ready: called once, when the page can be opened.

    Raises:
        StopProgram: the API cannot work as it is configured, or does not become ready.
    """
    with Supervisor(stack.run_dir / "logs") as supervisor:
        programs = [*_store(stack), stack.api()]
        for program in programs:
            supervisor.start(program)
        try:
            supervisor.wait_ready(programs, START_TIMEOUT_SECONDS, tell)
            when_ready()
            watch = Watch(supervisor, programs, tell, monotonic())
            while True:
                watch.look(monotonic())
                pause(LOOK_EVERY_SECONDS)
        except KeyboardInterrupt:
            tell("stopping")


def _store(stack: Stack) -> list[ProcessSpec]:
    settings = stack.settings
    if settings.broker is not BrokerKind.EMBEDDED or settings.redis_socket is None:
        return []
    if accepts_connections(settings.redis_socket) or not is_installed():
        return []
    return [stack.store()]
