"""A chat with the bot that needs no network."""

from __future__ import annotations

from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked, Person, Pressed
from services.notifier.telegram.conversation import Conversation, Reaction
from services.notifier.telegram.reply import Reply
from tests.support.telegram.shown import Shown, shown

ANN, BOB = Person(7, "Ann @ann"), Person(8, "Bob")


class Chat:
    """What is said to the bot and what it answers.

    Attributes:
        last: its last message; buttons are pressed there.
        noted: the controls that it recorded: who, command and outcome.
        seconds: of the clock that is never set.
    """

    def __init__(self, parts: Parts, number: int = 7) -> None:
        self.number = number
        self.seconds = 0.0
        self.noted: list[tuple[str, str, str]] = []
        self.last: Reply | None = None
        self.conversation = Conversation(parts, self._record, lambda: self.seconds)

    def say(self, text: str, person: Person = ANN) -> str:
        """Write to the bot; its answer as it is shown, empty if it does not answer."""
        self.last = self.conversation.said(Asked(self.number, person, text), "CryptoBoyBot")
        return "" if self.last is None else self.text_of(self.last)

    def press(self, label: str, person: Person = ANN) -> Reaction:
        """Press a button of the last message."""
        data = self.buttons[label]
        found = self.conversation.pressed(Pressed(self.number, person, "q", 1, data))
        if found.reply is not None:
            self.last = found.reply
        return found

    @property
    def buttons(self) -> dict[str, str]:
        """Label and data of the buttons of the last message."""
        assert self.last is not None
        return {button.label: button.data for row in self.last.buttons for button in row}

    @property
    def shown(self) -> Shown:
        """The last message as it is shown."""
        assert self.last is not None
        return shown(self.last.html)

    @staticmethod
    def text_of(reply: Reply | None) -> str:
        """The text of a message as people read it."""
        assert reply is not None
        return shown(reply.html).text.replace("\u2060", "")

    def _record(self, person: Person, _chat: int, command: str, outcome: str) -> None:
        self.noted.append((person.name, command, outcome))
