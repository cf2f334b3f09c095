"""As many error types as there are different reactions to an error.

Code that raises decides the reaction; code that catches only carries it out. No other exception crosses a port.
"""

from __future__ import annotations


class CryptoBoyError(Exception):
    """Base of the errors below; never raised itself."""

    reaction = "unknown"


class TryLater(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """Something needed is away or full right now; the same call may succeed later.

    Attributes:
        after: seconds that the other side asked us to wait, or None.
    """

    reaction = "try_later"

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class NeverWorks(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """This input can never be handled: reject it, dead-letter it with the reason, go on with the next."""

    reaction = "never_works"


class CannotSay(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """A scorer has no opinion on this input. Not an opinion of zero: no signal follows."""

    reaction = "cannot_say"


class StopProgram(CryptoBoyError):  # noqa: N818 - the name is the reaction
    """The program cannot do its work until a person changes something. The message says what."""

    reaction = "stop_program"
