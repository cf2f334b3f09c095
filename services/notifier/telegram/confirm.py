"""Controls ask back once: nothing is changed before the same person has pressed a button of the question.

Questions are kept in memory and are over after two minutes, so a button that waited while the notifier was away, or
that belongs to an earlier run, changes nothing.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from services.notifier.telegram.answers import Choice, Control
from services.notifier.telegram.asked import Asked, Person, Pressed
from services.notifier.telegram.buttons import in_rows
from services.notifier.telegram.reply import Button, Reply

SECONDS = 120.0
MOST = 100
OVER = "This question is over. Ask again."
_BEGINNING = "ask:"


@dataclass(frozen=True, slots=True)
class _Open:
    chat: int
    person: Person
    control: Control
    until: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a control: one of its choices, or None to change nothing."""

    choice: Choice | None
    asked: Control


class Confirmations:
    """The questions that wait for a button.

    Args:
        monotonic: seconds of a clock that is never set.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def ask(self, control: Control, asked: Asked) -> Reply:
        """The question with its buttons."""
        token = secrets.token_urlsafe(9)
        now = self._monotonic()
        with self._lock:
            left = {name: each for name, each in self._open.items() if each.until > now}
            self._open = dict(list(left.items())[-MOST + 1 :])
            self._open[token] = _Open(asked.chat, asked.person, control, now + SECONDS)
        buttons = [Button(each.label, f"{_BEGINNING}{token}:{n}") for n, each in enumerate(control.choices)]
        return Reply(control.question, (*in_rows(buttons), (Button("No", f"{_BEGINNING}{token}:no"),)))

    @staticmethod
    def is_answer(pressed: Pressed) -> bool:
        """Whether a button belongs to a question."""
        return pressed.data.startswith(_BEGINNING)

    def take(self, pressed: Pressed) -> Decision | str:
        """Take the question of this button, which is over then; a text says why the button decides nothing."""
        token, _, index = pressed.data.removeprefix(_BEGINNING).partition(":")
        with self._lock:
            question = self._open.get(token)
            if question is None or question.until <= self._monotonic() or question.chat != pressed.chat:
                return OVER
            if question.person.id != pressed.person.id:
                return f"Only {question.person.name}, who asked, can decide this."
            choices = {str(n): each for n, each in enumerate(question.control.choices)}
            if index not in {"no", *choices}:
                return OVER
            del self._open[token]
            return Decision(choices.get(index), question.control)
