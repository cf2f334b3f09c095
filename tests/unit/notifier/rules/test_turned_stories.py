"""A story that does not hold any more is corrected where it was told, if the direction of its score has changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest

from services.common.history.notifying.rows import MuteKind, MuteRow
from services.notifier.happening import Happening, Importance
from services.notifier.message import Link, Message
from services.notifier.notice import Notice
from services.notifier.rules.turned import correction_of, corrections, has_turned
from tests.support.notifier.samples import NOW, happening, notice

LATER = NOW + timedelta(minutes=5)


def told(*scores: tuple[str, float], **more: Any) -> Notice:
    lines = ("BTC/USDT: very bearish −0.83", "Hack, told by Wire.")
    message = Message("An exchange was hacked", lines)
    more.setdefault("key", "story:1")
    return notice(scores=scores or (("BTC/USDT", -0.83),), message=message, **more)


def known(*scores: tuple[str, float], **more: Any) -> Happening:
    message = Message(
        "An exchange was hacked",
        ("BTC/USDT: bullish +0.45", "Hack, told by Wire, Blog."),
        (Link("Wire", "https://wire.example/1"),),
    )
    fields: dict[str, Any] = {
        "scores": scores or (("BTC/USDT", 0.45),),
        "sources": ("Wire", "Blog"),
        "message": message,
    }
    return happening(at=LATER, newest="The exchange denies /it", **fields, **more)


def corrected(first: Notice, story: Happening, *mutes: MuteRow) -> Notice | None:
    return correction_of(first, story, mutes, LATER)


@pytest.mark.parametrize(
    ("before", "now", "is_so"),
    [
        (-0.8, 0.5, True),
        (-0.8, 0.01, True),
        (-0.8, -0.04, True),
        (-0.8, -0.05, False),
        (0.3, -0.3, True),
        (0.3, 0.0, True),
        (0.3, 0.1, False),
        (0.29, -0.9, False),
        (0.0, 0.9, False),
    ],
)
def test_a_clear_score_has_turned_when_its_direction_is_another_or_none(
    before: float, now: float, is_so: bool
) -> None:
    assert has_turned([("BTC/USDT", before)], [("BTC/USDT", now)]) is is_so


def test_each_pair_is_compared_with_itself() -> None:
    before = [("BTC/USDT", -0.85), ("ETH/USDT", 0.42)]
    assert not has_turned(before, [("BTC/USDT", -0.4), ("ETH/USDT", 0.9), ("BNB/USDT", -0.9)])
    assert has_turned(before, [("BTC/USDT", -0.85), ("ETH/USDT", -0.42)])
    assert not has_turned(before, [])


def test_a_correction_says_what_was_told_what_is_known_and_from_whom() -> None:
    found = corrected(told(importance=Importance.URGENT), known())
    assert found is not None
    assert (found.event_key, found.channel, found.rule) == ("story:1:turned", "phone", "news")
    assert (found.importance, found.made, found.happened) == (Importance.URGENT, LATER, LATER)
    assert found.message.title == "No longer as told: An exchange was hacked"
    assert found.message.lines == (
        "Now BTC/USDT: bullish +0.45",
        "Told as BTC/USDT: very bearish −0.83",
        "Newest report: The exchange denies /\u2060it",
        "Hack, told by Wire, Blog.",
    )
    assert found.message.links == (Link("Wire", "https://wire.example/1"),)
    assert (found.sources, found.scores) == (("Wire", "Blog"), (("BTC/USDT", 0.45),))


def test_what_still_holds_is_not_told_again() -> None:
    assert corrected(told(), known(("BTC/USDT", -0.2))) is None


def test_a_correction_is_muted_like_the_story_that_it_corrects() -> None:
    mute = MuteRow(what=MuteKind.PAIR, value="BTC", until=LATER + timedelta(hours=1), by="me", at=NOW)
    assert corrected(told(), known(), mute) is None
    assert corrected(told(importance=Importance.URGENT), known(), mute) is not None


def corrected_of(decided: list[Notice], *noted: Notice) -> list[Notice]:
    def told_of(keys: Collection[str]) -> list[Notice]:
        return [each for each in noted if each.event_key in keys]

    return corrections([known()], decided, told_of, (), LATER)


def test_each_channel_is_corrected_once_as_it_was_told_last() -> None:
    mild, mail = told(), told(channel="mail")
    urgent = told(importance=Importance.URGENT, key="story:1:urgent")
    found = corrected_of([], urgent, mild, mail, told(key="story:2"))
    assert [(each.event_key, each.channel, each.importance) for each in found] == [
        ("story:1:turned", "phone", Importance.URGENT),
        ("story:1:turned", "mail", Importance.NOTABLE),
    ]


def test_a_channel_that_is_told_the_story_as_urgent_now_gets_no_correction_beside_it() -> None:
    now = notice("story:1", Importance.URGENT)
    assert corrected_of([now], told()) == []
    assert len(corrected_of([now], told(importance=Importance.URGENT))) == 1
    assert len(corrected_of([now], told(channel="mail"))) == 1
