"""What is answered to whom: knows the commands and the questions, and nothing of a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from services.common.errors import CryptoBoyError
from services.common.text.plain_text import without_control
from services.common.text.telegram_html import bold, fitted, plain
from services.notifier.channels.port import channel_label
from services.notifier.telegram.answers import Change, Control, Parts
from services.notifier.telegram.asked import Asked, Person, Pressed
from services.notifier.telegram.commands.catalogue import CATALOGUE
from services.notifier.telegram.confirm import Confirmations
from services.notifier.telegram.reply import Reply

log = structlog.get_logger(__name__)

FAILED = "This failed unexpectedly; the notifier's log says why."
CHECK = "It may have been done in part: /status, /alert and /mute say what is in force."
NOT_KNOWN = "That is no command; /help lists what can be asked."
_LONGEST_ERROR = 1_500
_LONGEST_COMMAND = 200
_MOST_LISTED = 10

Record = Callable[[Person, int, str, str], None]
"""Notes a control or a change: who, in which chat, the command, and its outcome. Never raises."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows a button.

    Attributes:
        reply: a message; None if there is nothing to say.
        replaces: whether it takes the place of the message that has the button.
        notice: plain text that is shown for a moment to the person who pressed it.
    """

    reply: Reply | None = None
    replaces: bool = False
    notice: str = ""


class Conversation:
    """Answers messages and buttons of the chats that are allowed. All methods may be called from any thread.

    Args:
        parts: what is answered from.
        record: notes the controls that were decided, and the changes that were made.
        monotonic: seconds of a clock that is never set.
    """

    def __init__(self, parts: Parts, record: Record, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._record = record
        self._questions = Confirmations(monotonic)

    def said(self, asked: Asked, bot_name: str = "") -> Reply | None:
        """Answer a message; None if it is not for this bot, such as a word between people in a group.

        Args:
            asked: the message.
            bot_name: the name of this bot; a command may name the bot that it is for.
        """
        words = asked.text.split()
        if not words or not words[0].startswith("/"):
            return Reply(NOT_KNOWN) if asked.chat > 0 else None
        name, _, meant = words[0][1:].partition("@")
        if meant and meant.lower() != bot_name.lower():
            return None
        entry = CATALOGUE.get(name.lower())
        if entry is None:  # in a group it may be for another bot
            return Reply(NOT_KNOWN) if asked.chat > 0 or meant else None
        return self._answered(lambda: self._replied(entry.command(self._parts, asked, words[1:]), asked))

    def pressed(self, pressed: Pressed) -> Reaction:
        """Answer a button: it decides a question, or says a command."""
        if not self._questions.is_answer(pressed):
            return Reaction(self.said(Asked(pressed.chat, pressed.person, pressed.data)))
        found = self._questions.take(pressed)
        if isinstance(found, str):
            return Reaction(notice=found)
        if found.choice is None:
            self._note(pressed, found.asked.command, "declined")
            return Reaction(
                Reply(f"{found.asked.question}\n{bold('No')}: nothing was changed."), replaces=True
            )
        choice = found.choice
        done = self._carried_out(pressed, choice.command, lambda: Reply(choice.do()))
        return Reaction(done, replaces=True)

    def was_away(self, missed: Sequence[Asked]) -> Reply:
        """What is said about messages that waited while nobody read them: none of them is carried out."""
        named = [f"{plain(each.text, 80)}{f' ({each.at:%H:%M} UTC)' if each.at else ''}" for each in missed]
        if len(named) > _MOST_LISTED:
            named = [*named[:_MOST_LISTED], f"and {len(named) - _MOST_LISTED} more"]
        title = (
            "I was not running when this was written, and did nothing of it. Write again what still counts:"
        )
        return Reply(fitted([title, *named]))

    def _replied(self, answer: Reply | Control | Change, asked: Asked) -> Reply:
        if isinstance(answer, Control):
            return self._questions.ask(answer, asked)
        if isinstance(answer, Change):
            return self._carried_out(asked, answer.command, answer.do)
        return answer

    def _carried_out(self, by: Asked | Pressed, command: str, do: Callable[[], Reply]) -> Reply:
        try:
            done = do()
        except CryptoBoyError as error:
            self._note(by, command, f"failed: {error}")
            return Reply(f"{bold('This failed')}: {plain(str(error), _LONGEST_ERROR)} {CHECK}")
        except Exception:  # what failed is told, and the conversation goes on
            log.exception("telegram_control_failed", command=command)
            self._note(by, command, "failed unexpectedly")
            return Reply(f"{FAILED} {CHECK}")
        self._note(by, command, "done")
        return done

    def _note(self, by: Asked | Pressed, command: str, outcome: str) -> None:
        command = without_control(command)[:_LONGEST_COMMAND]
        log.info(
            "telegram_control",
            channel=channel_label(f"telegram:{by.chat}"),
            who=by.person.name,
            command=command,
            outcome=outcome,
        )
        self._record(by.person, by.chat, command, without_control(outcome)[:_LONGEST_ERROR])

    @staticmethod
    def _answered(answer: Callable[[], Reply]) -> Reply:
        """The answer, or what the error says that a person can do."""
        try:
            return answer()
        except CryptoBoyError as error:
            return Reply(plain(str(error), _LONGEST_ERROR))
        except Exception:  # the conversation goes on
            log.exception("telegram_command_failed")
            return Reply(FAILED)
