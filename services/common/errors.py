"""The error types of the project: there is one for each way of reacting to an error.

The code that raises an error decides the reaction, and the code that catches it only carries the reaction out. Ports
raise no other exceptions.
"""

from __future__ import annotations


class CryptoBoyError(Exception):
    """The base class of the errors below. It is never raised itself."""

    reaction = "unknown"


class TryLater(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """A dependency is unavailable or full at the moment, so the same call may succeed later.

    Attributes:
        after: the seconds that the dependency asked us to wait; None if it did not ask for a wait.
    """

    reaction = "try_later"

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class NeverWorks(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """This input can never be handled. The input is dead-lettered with the reason, and the next input is handled."""

    reaction = "never_works"


class CannotSay(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """A scorer has no opinion on this input. This differs from a score of zero, because no signal is published."""

    reaction = "cannot_say"


class StopProgram(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """The program cannot do its work until a person makes the change that the message names."""

    reaction = "stop_program"
