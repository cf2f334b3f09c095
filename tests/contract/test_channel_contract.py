"""What every channel of the notifier keeps to, with a receiver on loopback behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum

import pytest
from pydantic import SecretStr

from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.settings.settings import Settings
from services.notifier.channels.apprise import AppriseChannel
from services.notifier.channels.port import Channel, Unsure
from services.notifier.message import Link, Message
from services.notifier.telegram.trial import trial_channels
from tests.support.notifier.receiver import Broken, Plan, receiver
from tests.support.notifier.samples import notice
from tests.support.servers.nobody import refusing_port
from tests.support.telegram.bot_api import Fault, bot_api


class Trouble(Enum):
    """What the receiver does with the next message."""

    BUSY = "it says that it is busy"
    LOST = "it takes the message, and the connection is lost before its answer"
    REFUSES = "it never takes this message"
    DENIES = "it takes nothing from this sender"


@dataclass
class Reached:
    """A channel, what it has delivered, and how the next delivery is troubled."""

    channel: Channel
    texts: Callable[[], list[str]]
    trouble: Callable[[Trouble], None]


def _apprise(opened: ExitStack) -> Reached:
    phone = opened.enter_context(receiver())
    plans: dict[Trouble, Plan] = {
        Trouble.BUSY: 503,
        Trouble.LOST: Broken.BEFORE_ANSWER,
        Trouble.REFUSES: 400,
        Trouble.DENIES: 403,
    }
    return Reached(
        AppriseChannel("phone", phone.url),
        lambda: [f"{body['title']}\n{body['message']}" for body in phone.bodies],
        lambda trouble: phone.plans.append(plans[trouble]),
    )


def _telegram(opened: ExitStack) -> Reached:
    api = opened.enter_context(bot_api())
    plans = {Trouble.BUSY: Fault.FLOOD, Trouble.LOST: Fault.CUT_AFTER, Trouble.REFUSES: Fault.REFUSED}

    def trouble(what: Trouble) -> None:
        if what is Trouble.DENIES:
            api.chats.blocked.add(7)
        else:
            api.plan("sendMessage", plans[what])

    (channel,) = trial_channels(telegram_settings(api.url, api.token))
    return Reached(channel, lambda: [each.text for each in api.chats.to(7)], trouble)


def telegram_settings(url: str, token: str) -> Settings:
    return Settings(
        notify_telegram_token=SecretStr(token), notify_telegram_chats=("7",), notify_telegram_api=url
    )


@pytest.fixture(params=[_apprise, _telegram], ids=["apprise", "telegram"])
def reached(request: pytest.FixtureRequest) -> Iterator[Reached]:
    with ExitStack() as opened:
        yield request.param(opened)


def test_a_notice_arrives_once_with_its_title_its_lines_and_its_links(reached: Reached) -> None:
    message = Message(
        "Title", ("One line.", "Another."), (Link("the story", "https://news.example/1?a=1&b=2"),)
    )

    reached.channel.send(notice(message=message))

    (text,) = reached.texts()
    assert text.splitlines()[:3] == ["Title", "One line.", "Another."]
    assert "the story" in text


def test_markup_in_a_notice_stays_text(reached: Reached) -> None:
    reached.channel.send(notice(message=Message("<b>5 & 6", ("</a>&lt;",))))

    (text,) = reached.texts()
    assert "5 & 6" in text
    assert "&amp;" not in text


@pytest.mark.parametrize(
    ("trouble", "error", "arrives"),
    [
        (Trouble.BUSY, TryLater, False),
        (Trouble.LOST, Unsure, True),
        (Trouble.REFUSES, NeverWorks, False),
        (Trouble.DENIES, StopProgram, False),
    ],
)
def test_a_failure_says_whether_the_notice_may_have_arrived_and_may_be_sent_again(
    reached: Reached, trouble: Trouble, error: type[Exception], arrives: bool
) -> None:
    reached.trouble(trouble)

    with pytest.raises(error):
        reached.channel.send(notice())

    assert bool(reached.texts()) is arrives


def test_after_a_failure_the_channel_goes_on(reached: Reached) -> None:
    reached.trouble(Trouble.REFUSES)
    with pytest.raises(NeverWorks):
        reached.channel.send(notice("story:1"))

    reached.channel.send(notice("story:2"))

    assert len(reached.texts()) == 1


@pytest.mark.parametrize("scheme", ["json", "xml", "form"])
def test_a_webhook_gets_a_key_that_stays_the_same_when_a_notice_is_sent_again(scheme: str) -> None:
    with receiver() as phone:
        phone.plans = [503]
        url = phone.url.replace("json", scheme) + "?+X-Other=1"
        channel = AppriseChannel("phone", url)
        with pytest.raises(TryLater):
            channel.send(notice("story:1"))
        channel.send(notice("story:1"))
        channel.send(notice("story:2"))
        AppriseChannel("mail", url).send(notice("story:1", channel="mail"))
    first, again, *others = phone.keys
    assert first is not None
    assert len(first) == 32
    assert first == again
    assert len({first, *others}) == 3


def test_a_receiver_that_is_away_has_surely_not_accepted() -> None:
    with refusing_port() as port:
        token = "4242:AA-a_token-of-these-tests-0123456789abc"
        (telegram,) = trial_channels(telegram_settings(f"http://127.0.0.1:{port}", token))
        for channel in (AppriseChannel("phone", f"json://127.0.0.1:{port}/hook"), telegram):
            with pytest.raises(TryLater):
                channel.send(notice())


def test_a_channel_may_be_closed_twice(reached: Reached) -> None:
    reached.channel.close()
    reached.channel.close()
