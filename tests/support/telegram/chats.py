"""What Telegram keeps for one bot: updates that wait for it, and the messages that it sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.telegram.shown import MOST, Shown, UnreadableError, shown
from tests.support.waiting import PATIENCE_SECONDS

ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "username": "ann"}
Body = dict[str, Any]
Answer = tuple[int, Body]


@dataclass
class Sent:
    """A message of the bot.

    Attributes:
        at: when it was accepted, in seconds of `time.monotonic`.
        buttons: label and data of its buttons.
        edits: the texts that replaced it later.
    """

    chat: int
    id: int
    shown: Shown
    at: float
    buttons: dict[str, str]
    edits: list[Shown] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is shown now, without invisible joiners."""
        return (self.edits[-1] if self.edits else self.shown).text.replace("\u2060", "")


class Chats:
    """The state of the server. All methods may be called from any thread.

    Attributes:
        sent: every message that was accepted.
        answered: the ids of pressed buttons that the bot answered, with what it said.
        menu: the commands that the bot registered.
        blocked: chats that blocked the bot.
    """

    def __init__(self, *, first_update: int = 1000) -> None:
        self.changed = threading.Condition()
        self.sent: list[Sent] = []
        self.answered: list[tuple[str, str]] = []
        self.menu: list[str] = []
        self.blocked: set[int] = set()
        self.webhook = ""
        self._updates: list[Body] = []
        self._next_update = first_update
        self._next_message = 1

    def say(
        self, text: object, *, chat: int = 7, user: Mapping[str, Any] = ANN, date: float | None = None
    ) -> int:
        """Somebody writes a message, at `date` (seconds since the epoch); the id of the update."""
        message = {
            "message_id": self._number(),
            "date": int(time.time() if date is None else date),
            "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup", "first_name": "Ann"},
            "from": dict(user),
            "text": text,
        }
        return self.put({"message": message})

    def press(self, message: Sent, label: str, *, user: Mapping[str, Any] = ANN) -> int:
        """Somebody presses a button of a message."""
        return self.press_data(message.buttons[label], chat=message.chat, message_id=message.id, user=user)

    def press_data(
        self, data: str, *, chat: int = 7, message_id: int = 1, user: Mapping[str, Any] = ANN
    ) -> int:
        """A button with this data comes back, whoever made it."""
        where = {"message_id": message_id, "date": 1, "chat": {"id": chat, "type": "private"}}
        query = {
            "id": f"q{self._number()}",
            "from": dict(user),
            "chat_instance": "1",
            "message": where,
            "data": data,
        }
        return self.put({"callback_query": query})

    def put(self, update: Mapping[str, Any]) -> int:
        """Let an update wait for the bot, as it is apart from its id; the id."""
        with self.changed:
            number = self._next_update
            self._next_update += 1
            self._updates.append({"update_id": number, **update})
            self.changed.notify_all()
            return number

    def start_ids_at(self, number: int) -> None:
        """Number the next updates from here, as Telegram does after a week without any."""
        with self.changed:
            self._next_update = number

    def waiting(self, offset: int, limit: int = 100) -> list[Body]:
        """The updates from `offset` on; those before it are forgotten. A negative or no offset forgets nothing."""
        with self.changed:
            if offset > 0:
                self._updates = [each for each in self._updates if each["update_id"] >= offset]
            return self._updates[:limit]

    @property
    def unread(self) -> int:
        """The number of updates that the bot has not confirmed."""
        with self.changed:
            return len(self._updates)

    def to(self, chat: int = 7) -> list[Sent]:
        """The messages of the bot in one chat."""
        with self.changed:
            return [each for each in self.sent if each.chat == chat]

    def wait(self, number: int, *, chat: int = 7) -> Sent:
        """Wait until the bot has sent so many messages to the chat, and return the last of them."""
        self.wait_until(lambda: len(self.to(chat)) >= number, f"{number} messages to {chat}")
        return self.to(chat)[number - 1]

    def wait_until(self, holds: Callable[[], bool], what: str = "the condition") -> None:
        """Wait until a condition of this state holds. Raises AssertionError if it does not."""
        with self.changed:
            if not self.changed.wait_for(holds, PATIENCE_SECONDS):
                said = "\n  ".join(f"{each.chat}: {each.text}" for each in self.sent)
                raise AssertionError(f"{what} did not come; the bot sent:\n  {said}")

    def answer(self, method: str, given: Mapping[str, str]) -> Answer:
        """What the Bot API answers to a method that does not wait."""
        with self.changed:
            found: Answer = getattr(self, f"_{method.lower()}", self._unknown)(given)
            self.changed.notify_all()
            return found

    def _number(self) -> int:
        with self.changed:
            self._next_message += 1
            return self._next_message

    def _unknown(self, _given: Mapping[str, str]) -> Answer:
        return refused(404, "Not Found")

    def _getme(self, _given: Mapping[str, str]) -> Answer:
        return result({"id": 4242, "is_bot": True, "first_name": "CryptoBoy", "username": "CryptoBoyBot"})

    def _getwebhookinfo(self, _given: Mapping[str, str]) -> Answer:
        return result({"url": self.webhook, "pending_update_count": self.unread})

    def _deletewebhook(self, _given: Mapping[str, str]) -> Answer:
        self.webhook = ""
        return result(True)

    def _setmycommands(self, given: Mapping[str, str]) -> Answer:
        self.menu = [each["command"] for each in json.loads(given["commands"])]
        return result(True)

    def _answercallbackquery(self, given: Mapping[str, str]) -> Answer:
        self.answered.append((given["callback_query_id"], given.get("text", "")))
        return result(True)

    def _sendmessage(self, given: Mapping[str, str]) -> Answer:
        chat = int(given["chat_id"])
        if chat in self.blocked:
            return refused(403, "Forbidden: bot was blocked by the user")
        found = _readable(given)
        if not isinstance(found, Shown):
            return found
        message = Sent(chat, self._number(), found, time.monotonic(), _buttons(given))
        self.sent.append(message)
        return result(_message(message))

    def _editmessagetext(self, given: Mapping[str, str]) -> Answer:
        message = next((each for each in self.sent if each.id == int(given["message_id"])), None)
        if message is None:
            return refused(400, "Bad Request: message to edit not found")
        found = _readable(given)
        if not isinstance(found, Shown):
            return found
        if found.text == message.text and _buttons(given) == message.buttons:
            return refused(400, "Bad Request: message is not modified")
        message.edits.append(found)
        message.buttons = _buttons(given)
        return result(_message(message))


def _readable(given: Mapping[str, str]) -> Shown | Answer:
    if given.get("parse_mode") != "HTML":
        return refused(400, "Bad Request: these tests send HTML alone")
    try:
        found = shown(given["text"])
    except UnreadableError as error:
        return refused(400, f"Bad Request: {error}")
    if not found.text.strip():
        return refused(400, "Bad Request: message text is empty")
    if len(found.text.encode("utf-16-le")) // 2 > MOST:
        return refused(400, "Bad Request: message is too long")
    return found


def _buttons(given: Mapping[str, str]) -> dict[str, str]:
    rows = json.loads(given.get("reply_markup") or "{}").get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def _message(message: Sent) -> Body:
    chat = {"id": message.chat, "type": "private"}
    return {"message_id": message.id, "date": int(time.time()), "chat": chat, "text": message.shown.text}


def result(value: object) -> Answer:
    """An answer with a result."""
    return 200, {"ok": True, "result": value}


def refused(code: int, description: str, **parameters: int) -> Answer:
    """A refusal, with parameters such as retry_after."""
    body = {"ok": False, "error_code": code, "description": description}
    return code, {**body, "parameters": parameters} if parameters else body
