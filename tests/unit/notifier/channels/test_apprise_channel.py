from __future__ import annotations

import pytest

from services.common.errors import CryptoBoyError, NeverWorks, StopProgram, TryLater
from services.notifier.channels.apprise import AppriseChannel, body_of
from services.notifier.channels.port import Unsure
from services.notifier.message import Link, Message
from tests.support.notifier.mail_server import mail_server
from tests.support.notifier.samples import notice


def mail(port: int, to: str = "you@mail.example") -> AppriseChannel:
    return AppriseChannel("mail", f"mailto://me:word@127.0.0.1:{port}?from=me@mail.example&to={to}")


def test_a_mail_that_the_server_takes_is_sent() -> None:
    with mail_server({}) as server:
        mail(server.port).send(notice())
    assert server.mails == 1


@pytest.mark.parametrize(
    ("answers", "reaction"),
    [
        ({"AUTH": "535 5.7.8 wrong password"}, StopProgram),
        ({"MAIL": "530 login first"}, StopProgram),
        ({"AUTH": "454 not now"}, TryLater),
        ({"RCPT": "550 no such user"}, NeverWorks),
        ({"MAIL": "552 full"}, NeverWorks),
        ({"RCPT": "450 busy"}, TryLater),
        ({"END": "451 not now"}, TryLater),
        ({"END": "554 no"}, NeverWorks),
        ({"EHLO": "221 bye", "HELO": "221 bye"}, TryLater),
        ({"END": "221 the connection ends"}, Unsure),
        ({"RCPT TO:<A@": "550 no such user"}, Unsure),  # the other receiver has it
    ],
)
def test_a_mail_that_was_not_taken_is_sent_again_unless_it_may_have_arrived_or_never_will(
    answers: dict[str, str], reaction: type[CryptoBoyError]
) -> None:
    with mail_server(answers) as server, pytest.raises(reaction) as raised:
        mail(server.port, "b@mail.example,a@mail.example").send(notice())
    assert type(raised.value) is reaction
    assert "word" not in str(raised.value).replace("password", "")


def test_an_address_stays_one_and_has_nothing_that_a_channel_takes_for_markup() -> None:
    link = Link("The [Wire]", "https://news.example/~me/a*b|c[1]`?q=<x>")
    text = body_of(Message("Title", ("A *line*",), (link,)), 1000)
    assert text == (
        "A \u2217line\u2217\nThe (Wire): https://news.example/%7Eme/a%2Ab%7Cc%5B1%5D%60?q=%3Cx%3E"
    )


@pytest.mark.parametrize("most", [200, 300, 1000])
def test_a_text_for_which_a_channel_has_no_room_says_that_lines_are_left_out_and_keeps_its_links(
    most: int,
) -> None:
    lines = tuple(f"Line {number} of a brief" for number in range(100))
    text = body_of(Message("Brief", lines, (Link("wire", "https://news.example/1"),)), most)
    *kept, hint, link = text.split("\n")
    assert len(text) <= most
    assert tuple(kept) == lines[: len(kept)]
    assert hint.startswith(f"... and {100 - len(kept)} more lines")
    assert link == "wire: https://news.example/1"


def test_a_text_that_fits_is_whole() -> None:
    assert body_of(Message("Brief", ("a", "b")), 100) == "a\nb"
