"""The notifier beside the other programs, which go on without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from services.common.probe import USUAL_PORTS
from services.common.services import NOTIFIER
from services.common.settings.notifier import TELEGRAM
from services.common.settings.settings import Settings
from services.launch.probes import get_json, read_metrics
from services.launch.supervisor import ProcessSpec, Supervisor
from services.launch.watch import Watch

TOLD_SECONDS = 30.0
NOTHING_WAITS_SECONDS = 2.0
LOOK_SECONDS = 0.2
NOTICES_WAITING = "cryptoboy_notices_waiting"
NOBODY_IS_TOLD = (
    "no notifier: NOTIFY_URLS or NOTIFY_TELEGRAM_TOKEN would give it a channel (docs/notifications.md)"
)


def about_the_notifier(settings: Settings, logs: Path) -> str:
    """A line that names the channels, or says that there is none.

    Args:
        settings: the configuration.
        logs: the folder of the logs, which names chats that the settings do not allow yet.
    """
    names = settings.channel_names
    if not names:
        return NOBODY_IS_TOLD
    told = f"notified: {', '.join(names)}"
    if TELEGRAM in names and not settings.notify_telegram_chats:
        told += (
            f"; Telegram has no chat yet: write to your bot, and {logs / f'{NOTIFIER}.log'} has the number for "
            "NOTIFY_TELEGRAM_CHATS"
        )
    return told


def is_notified(settings: Settings) -> bool:
    """Whether a notifier answers on the port that it usually has on this machine."""
    _, body = get_json(f"http://{settings.health_host}:{USUAL_PORTS[NOTIFIER]}/live")
    return isinstance(body, dict) and body.get("service") == NOTIFIER


class NotifierBeside:
    """Runs the notifier, starts it again when it has ended, and reports its problems.

    Args:
        spec: the notifier.
        log_dir: the folder of its log.
        tell: shows a message.
    """

    def __init__(self, spec: ProcessSpec, log_dir: Path, tell: Callable[[str], None]) -> None:
        self._spec = spec
        self._supervisor = Supervisor(log_dir)
        self._watch = Watch(self._supervisor, (), tell, monotonic(), when_ready="the notifier is ready")

    def start(self) -> None:
        """Start the notifier; if that fails, this is reported, and it is tried again."""
        self._watch.start(self._spec, monotonic())

    def look(self) -> None:
        """Start the notifier again if it has ended, and report changes. To be called periodically."""
        self._watch.look(monotonic())

    def wait_until_told(self) -> None:
        """Wait until no notice has waited for its channel for some seconds; not for a notifier that does not answer."""
        deadline = monotonic() + TOLD_SECONDS
        since = monotonic()
        while (now := monotonic()) < deadline and now - since < NOTHING_WAITS_SECONDS:
            found = read_metrics(f"127.0.0.1:{self._spec.port}")
            if found is None:
                return
            if found.total(NOTICES_WAITING):
                since = now
            sleep(LOOK_SECONDS)

    def close(self) -> None:
        """Stop the notifier."""
        self._supervisor.close()
