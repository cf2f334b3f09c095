"""Reads what people did from the updates of the Bot API. Everything in an update is untrusted."""

from __future__ import annotations

from telegram import CallbackQuery, Message, Update, User

from services.common.text.plain_text import without_control
from services.notifier.telegram.asked import Asked, Person, Pressed

KINDS = ("message", "callback_query")
"""What the bot asks Telegram for. A message that is edited later is not said again."""
_LONGEST_TEXT = 4_096
_LONGEST_NAME = 64
_NOBODY = Person(0, "somebody")


def read_update(update: Update) -> Asked | Pressed | None:
    """What the update says; None if it is nothing that can be answered, such as a picture."""
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    return _asked(update.message) if update.message is not None else None


def _asked(message: Message) -> Asked | None:
    if not _are(str, message.text) or not _are(int, message.chat.id):
        return None
    return Asked(message.chat.id, _person(message.from_user), str(message.text)[:_LONGEST_TEXT], message.date)


def _pressed(query: CallbackQuery) -> Pressed | None:
    message = query.message
    if (
        message is None
        or not _are(int, message.chat.id, message.message_id)
        or not _are(str, query.id, query.data)
    ):
        return None
    return Pressed(message.chat.id, _person(query.from_user), query.id, message.message_id, str(query.data))


def _person(user: User | None) -> Person:
    if user is None or not _are(int, user.id):
        return _NOBODY
    names = (user.first_name, user.last_name, f"@{user.username}" if user.username else "")
    name = " ".join(without_control(each) for each in names if isinstance(each, str) and each)
    return Person(user.id, name[:_LONGEST_NAME].strip() or f"user {user.id}")


def _are(kind: type, *values: object) -> bool:
    """Whether values have the type that the library declares, which does not check it."""
    return all(isinstance(value, kind) for value in values)
