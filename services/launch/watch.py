"""Restarts the programs of `up`, and reports when a problem of a program begins and when it ends.

Open trades have stop-losses only while Freqtrade runs, so no problem of another program stops Freqtrade.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.common.errors import StopProgram
from services.common.runtime.backoff import Backoff
from services.launch.probes import get_json
from services.launch.supervisor import ProcessSpec, Role, Supervisor

TELL_AFTER_SECONDS = 20.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
# After a program has run for so long its restarts begin with the shortest wait again.
_RAN_WELL_SECONDS = 300.0
_LONGEST_TEXT = 300
_OK = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of a program.

    Attributes:
        kind: a text that is equal for reports of the same problem.
        text: the message.
        parts: the dependencies that are down, by their names in the program's /health.
    """

    kind: str
    text: str
    parts: frozenset[str] = frozenset()


def _new_backoff() -> Backoff:
    """Make a back-off without jitter, because messages state the wait and nothing else restarts the same program."""
    return Backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, jitter=0.0)


@dataclass(slots=True)
class _Watched:
    spec: ProcessSpec
    started: float
    backoff: Backoff = field(default_factory=_new_backoff)
    due: float | None = None
    now_kind: str = ""
    since: float = 0.0
    reported_kind: str = ""
    refusal: str = ""


class Watch:
    """Watches programs that were started; `look` has to be called periodically.

    A program that cannot work as it is configured (status 78) is restarted once a minute, as the cause may be outside
    the program; each attempt is reported. But as long as neither Freqtrade nor all needed programs have been ready,
    such a program ends all programs if it is needed, and if `may_end` is true or it is Freqtrade itself.

    Args:
        programs: programs that were started.
        may_end: whether needed programs may end all before Freqtrade has been ready: only if no trade is open.
        when_ready: the message when all programs are ready for the first time.
        tell: shows a message.
        now: a monotonic time in seconds, here and in `look`.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        programs: Sequence[ProcessSpec],
        tell: Callable[[str], None],
        now: float,
        *,
        may_end: bool = True,
        when_ready: str = "everything is ready",
    ) -> None:
        self._supervisor = supervisor
        self._tell = tell
        self._may_end = may_end
        self._when_ready = when_ready
        self._bot_was_ready = False
        self._watched = {spec.name: _Watched(spec, started=now, since=now) for spec in programs}
        self._all_were_ready = False
        self._needed_were_ready = False

    def start(self, spec: ProcessSpec, now: float) -> None:
        """Start one more program; if it cannot be started, report that, and try again once a minute."""
        each = self._watched[spec.name] = _Watched(spec, started=now, since=now)
        self._start_again(each, now)

    def look(self, now: float) -> frozenset[str]:
        """Restart programs that have ended, after a back-off, and report changes.

        Returns:
            The dependencies that are down, by their names in /health.

        Raises:
            StopProgram: a program cannot work as it is configured, and no trade depends on the other programs; or
                Freqtrade did not trade as the settings say, and was stopped.
        """
        for name, status in self._supervisor.ended().items():
            self._note_end(self._watched[name], status, now)
        for each in self._watched.values():
            if each.due is not None and each.due <= now:
                self._start_again(each, now)
        down: frozenset[str] = frozenset()
        for each in self._watched.values():
            if each.due is None:
                down |= self._ask(each, now)
        unwell = [each.spec for each in self._watched.values() if each.due is not None or each.now_kind]
        if not any(spec.is_needed for spec in unwell):
            self._needed_were_ready = True
        if not unwell and not self._all_were_ready:
            self._all_were_ready = True
            self._tell(self._when_ready)
        return down

    def refusals(self) -> list[str]:
        """A message for each program that, at its last start, could not work with its configuration."""
        return [f"{each.spec.name}: {each.refusal}" for each in self._watched.values() if each.refusal]

    def _start_again(self, each: _Watched, now: float) -> None:
        try:
            self._supervisor.start(each.spec)
        except (OSError, StopProgram) as error:  # no room for a process or its log, or its port is in use
            if each.reported_kind != (kind := f"not started: {error}"):
                each.reported_kind = kind
                self._tell(
                    f"{each.spec.name} could not be started ({error}); the others go on, and it is tried again every "
                    f"{_LONGEST_PAUSE_SECONDS:.0f} s"
                )
            each.due = now + _LONGEST_PAUSE_SECONDS
        else:
            each.due, each.started, each.since = None, now, now

    def _ask(self, each: _Watched, now: float) -> frozenset[str]:
        """Report changes of a running program; returns its dependencies that are down."""
        problem = problem_of(each.spec, self._supervisor)
        self._compare(each, problem, now)
        if problem is None:
            each.refusal = ""
            self._bot_was_ready = self._bot_was_ready or each.spec.role is Role.TRADES
            return frozenset()
        return problem.parts

    def _note_refusal(self, each: _Watched, now: float) -> None:
        name = each.spec.name
        may_end = each.spec.is_needed and (self._may_end or each.spec.role is Role.TRADES)
        if may_end and not self._bot_was_ready and not self._needed_were_ready:
            raise StopProgram(f"{name} cannot work as it is configured. {self._supervisor.log(name).tail()}")
        each.refusal = self._supervisor.log(name).reason() or f"its log is {self._supervisor.log(name).path}"
        self._tell(
            f"{name} CANNOT WORK as it is configured ({each.refusal}). The others go on without it; trying again in "
            f"{_LONGEST_PAUSE_SECONDS:.0f} s"
        )
        each.reported_kind = "ended"
        each.due = now + _LONGEST_PAUSE_SECONDS

    def _note_end(self, each: _Watched, status: int, now: float) -> None:
        name = each.spec.name
        if status == os.EX_CONFIG:
            self._note_refusal(each, now)
            return
        each.refusal = ""
        if now - each.started > _RAN_WELL_SECONDS:
            each.backoff.succeeded()
        log = self._supervisor.log(name)
        reason = log.reason()
        if reason != log.last_line():
            reason = f"{reason}{'; ' if reason else ''}log: {log.path}"
            if name == "freqtrade":
                reason += "; ./cryptoboy doctor checks the exchange"
        wait = each.backoff.failed()
        self._tell(f"{name} ended with status {status} ({reason}); starting it again in {wait:.0f} s")
        each.reported_kind = "ended"
        each.due = now + wait

    def _compare(self, each: _Watched, problem: Problem | None, now: float) -> None:
        kind = problem.kind if problem else ""
        if kind != each.now_kind:
            each.now_kind, each.since = kind, now
        if kind == each.reported_kind or (problem and now - each.since < TELL_AFTER_SECONDS):
            return
        each.reported_kind = kind
        self._tell(f"{each.spec.name} {problem.text if problem else 'is well again'}")


def problem_of(spec: ProcessSpec, supervisor: Supervisor) -> Problem | None:
    """The present problem of a running program, read from its /health if it has that; None without a problem."""
    status, body = (
        get_json(spec.health_url) if spec.health_url else (_OK if supervisor.is_ready(spec) else 0, None)
    )
    down = _parts_down(body)
    if status == _OK and not down:
        return None
    details = "; ".join(f"{name}: {detail}" if detail else name for name, detail in down.items())
    log = supervisor.log(spec.name)
    reason = log.reason()
    said = details or (f"its log ends: {reason}" if reason else f"its log is {log.path}")
    state = "works, but not with everything" if status == _OK else "is not ready"
    return Problem(
        kind=f"{state} {sorted(down)}", text=f"{state}: {said[:_LONGEST_TEXT]}", parts=frozenset(down)
    )


def _parts_down(body: object) -> dict[str, str]:
    """The dependencies that an answer of /health reports as down, with the reasons; empty if `body` is none."""
    parts = body.get("dependencies") if isinstance(body, dict) else None
    if not isinstance(parts, dict):
        return {}
    shown = {name: part for name, part in parts.items() if isinstance(part, dict)}
    return {name: str(part.get("detail", "")) for name, part in shown.items() if part.get("status") != "ok"}
