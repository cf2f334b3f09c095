"""The name of a system before its messages."""

from __future__ import annotations

from services.notifier.channels.named import named
from services.notifier.message import Message
from services.notifier.notice import Notice
from tests.support.notifier.samples import notice


class Kept:
    """A channel that keeps what it is sent."""

    name = "phone"

    def __init__(self) -> None:
        self.sent: list[Notice] = []

    def send(self, notice: Notice) -> None:
        self.sent.append(notice)

    def close(self) -> None:
        """Nothing to release."""


def test_each_message_begins_with_the_name() -> None:
    kept = Kept()
    (channel,) = named([kept], "DEMO")
    channel.send(notice(message=Message("Title", ("A line.",)), rich=("<b>Brief</b>", "more")))
    (sent,) = kept.sent
    assert channel.name == "phone"
    assert sent.message == Message("DEMO: Title", ("A line.",))
    assert sent.rich == ("<b>DEMO:</b> <b>Brief</b>", "more")


def test_where_there_is_no_room_the_name_is_a_message_of_its_own() -> None:
    kept = Kept()
    (channel,) = named([kept], "A <b> & c")
    channel.send(notice(rich=("x" * 4096,)))
    assert kept.sent[0].rich == ("<b>A &lt;b&gt; &amp; c:</b>", "x" * 4096)


def test_without_a_name_channels_are_as_they_were() -> None:
    kept = Kept()
    assert named([kept], "") == (kept,)
