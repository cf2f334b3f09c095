from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.common.history.notifying.rows import MuteKind, MuteRow
from services.notifier.happening import Happening, Importance, Kind
from services.notifier.rules.decide import decide
from services.notifier.rules.load import rules_of
from tests.support.notifier.samples import NOW, happening

CHANNELS = ("phone", "mail")


def told(text: str, *happened: Happening, mutes: tuple[MuteRow, ...] = ()) -> list[tuple[str, str]]:
    rules = rules_of(text, "notify.toml", CHANNELS, ("BTC/USDT", "ETH/USDT"))
    notices = [notice for each in happened for notice in decide(each, rules, CHANNELS, mutes, NOW)]
    return [(notice.channel, notice.rule) for notice in notices]


def mute(what: MuteKind, value: str = "") -> MuteRow:
    return MuteRow(what=what, value=value, until=NOW + timedelta(hours=1), by="me", at=NOW)


@pytest.mark.parametrize(
    ("rule", "is_told"),
    [
        ("kinds=['story']", True),
        ("kinds=['mood']", False),
        ("pairs=['BTC/USDT']", True),
        ("pairs=['BTC']", True),
        ("pairs=['ETH/USDT']", False),
        ("sources=['Wire']", True),
        ("sources=['Blog']", False),
        ("event_types=['adoption']", True),
        ("event_types=['hack']", False),
        ("score_from=0.8", True),
        ("score_from=0.81", False),
        ("score_to=0.79", False),
        ("strength=0.8", True),
        ("corroboration=2", True),
        ("corroboration=3", False),
        ("least='notable'", True),
        ("least='urgent'", False),
    ],
)
def test_a_rule_selects_by_what_it_says(rule: str, is_told: bool) -> None:
    found = told(f"preset='none'\n[[rules]]\nname='a'\n{rule}", happening(corroboration=2))
    assert found == ([("phone", "a"), ("mail", "a")] if is_told else [])


def test_news_of_an_asset_is_told_by_a_rule_for_one_of_its_pairs() -> None:
    text = "preset='none'\n[[rules]]\nname='a'\npairs=['BTC/USDT']"
    assert told(text, happening(pairs=("BTC",)))
    assert not told(text, happening(pairs=("BTC/EUR",)))


BTC_HACK = "preset='none'\n[[rules]]\nname='a'\npairs=['BTC']\nevent_types=['hack']\nscore_to=-0.3"


@pytest.mark.parametrize(
    ("btc", "eth", "is_told"),
    [
        ((-0.5, "hack"), (0.8, "adoption"), True),
        ((0.2, "hack"), (-0.9, "hack"), False),
        ((-0.5, "other"), (-0.9, "hack"), False),
    ],
)
def test_a_rule_selects_by_what_a_story_says_about_one_and_the_same_pair(
    btc: tuple[float, str], eth: tuple[float, str], is_told: bool
) -> None:
    said = {"BTC/USDT": btc, "ETH/USDT": eth}
    one = happening(
        pairs=tuple(said),
        score=0.8,
        scores=tuple((pair, score) for pair, (score, _) in said.items()),
        event_types=tuple((pair, kind) for pair, (_, kind) in said.items()),
    )
    assert bool(told(BTC_HACK, one)) is is_told


@pytest.mark.parametrize(("change", "is_told"), [(5.1, True), (-7.0, True), (4.9, False), (None, False)])
def test_a_rule_selects_changes_in_either_direction(change: float | None, is_told: bool) -> None:
    text = "preset='none'\n[[rules]]\nname='a'\nchange=5"
    assert bool(told(text, happening(kind=Kind.EXIT, change=change))) is is_told


def test_the_first_rule_that_selects_decides_for_each_channel() -> None:
    text = """preset='none'
        [[rules]]
        name='not of the Wire'
        sources=['Wire']
        to=['phone']
        tell=false
        [[rules]]
        name='all'"""
    assert told(text, happening()) == [("mail", "all")]


def test_a_rule_may_raise_the_importance() -> None:
    rules = rules_of("[[rules]]\nname='a'\nimportance='urgent'", "x", CHANNELS, ("BTC/USDT",))
    assert {each.importance for each in decide(happening(), rules, CHANNELS, (), NOW)} == {Importance.URGENT}


def test_a_channel_is_not_told_what_is_less_important_than_it_wants() -> None:
    text = "[channels.phone]\nimportance='urgent'\n[[rules]]\nname='a'"
    assert told(text, happening()) == [("mail", "a")]


@pytest.mark.parametrize(
    ("mutes", "is_told"),
    [
        ((mute(MuteKind.ALL),), False),
        ((mute(MuteKind.SOURCE, "Wire"),), False),
        ((mute(MuteKind.SOURCE, "Blog"),), True),
        ((mute(MuteKind.PAIR, "BTC/USDT"),), False),
        ((mute(MuteKind.PAIR, "BTC"),), False),
        ((mute(MuteKind.PAIR, "ETH/USDT"),), True),
    ],
)
def test_what_is_muted_is_not_told(mutes: tuple[MuteRow, ...], is_told: bool) -> None:
    assert bool(told("preset='everything'", happening(), mutes=mutes)) is is_told


def test_a_story_of_several_sources_is_told_while_one_of_them_is_not_muted() -> None:
    mutes = (mute(MuteKind.SOURCE, "Wire"),)
    assert told("preset='everything'", happening(sources=("Wire", "Blog")), mutes=mutes)


EVERYTHING_MUTED = (
    mute(MuteKind.ALL),
    mute(MuteKind.PAIR, "BTC/USDT"),
    mute(MuteKind.SOURCE, "Blog"),
)
SERVICES_AND_HOLDS = (
    Kind.HOLD_SET,
    Kind.HOLD_LIFTED,
    Kind.SERVICE_DOWN,
    Kind.SERVICE_UP,
    Kind.OPERATOR_ALERT,
)


@pytest.mark.parametrize("kind", SERVICES_AND_HOLDS)
def test_no_mute_hides_a_hold_or_an_outage(kind: Kind) -> None:
    assert told("preset='everything'", happening(kind=kind), mutes=EVERYTHING_MUTED)


@pytest.mark.parametrize("kind", [Kind.LOSS, Kind.STORY])
def test_what_is_urgent_passes_mutes_of_pairs_and_of_everything(kind: Kind) -> None:
    urgent = happening(kind=kind, pairs=("BTC/USDT",), importance=Importance.URGENT)
    assert told("preset='everything'", urgent, mutes=EVERYTHING_MUTED)
    assert not told("preset='everything'", happening(kind=kind, pairs=("BTC/USDT",)), mutes=EVERYTHING_MUTED)


def test_urgent_news_that_only_muted_sources_tell_is_kept_back_until_another_one_tells_it() -> None:
    mutes = (mute(MuteKind.SOURCE, "Wire"),)
    urgent = happening(importance=Importance.URGENT)
    assert not told("preset='everything'", urgent, mutes=mutes)
    assert told("preset='everything'", replace(urgent, sources=("Wire", "Blog")), mutes=mutes)


def test_a_rule_that_makes_something_urgent_lets_it_pass_a_mute_on_its_channels() -> None:
    text = "[[rules]]\nname='a'\nimportance='urgent'\nto=['phone']\n[[rules]]\nname='b'"
    assert told(text, happening(), mutes=(mute(MuteKind.ALL),)) == [("phone", "a")]


def test_what_somebody_asked_for_is_told_without_a_rule_and_in_spite_of_mutes() -> None:
    for kind in (Kind.PRICE, Kind.BRIEF):
        found = told("preset='none'", happening(kind=kind), mutes=(mute(MuteKind.ALL),))
        assert [channel for channel, _ in found] == list(CHANNELS)


@pytest.mark.parametrize(
    ("preset", "kinds"),
    [
        ("quiet", {"loss", "hold_set", "service_down"}),
        ("normal", {"loss", "hold_set", "service_down", "entry", "mood", "story"}),
        ("everything", {"loss", "hold_set", "service_down", "entry", "mood", "story", "dead_letter"}),
    ],
)
def test_a_louder_preset_tells_more(preset: str, kinds: set[str]) -> None:
    some = [
        happening(kind=kind, key=kind.value)
        for kind in (Kind.LOSS, Kind.HOLD_SET, Kind.SERVICE_DOWN, Kind.ENTRY, Kind.MOOD, Kind.STORY)
    ]
    rules = rules_of(f"preset='{preset}'", "x", ("phone",), ("BTC/USDT",))
    found = {each.kind.value for one in some for each in decide(one, rules, ("phone",), (), NOW)}
    assert kinds - {"dead_letter"} == found


def test_urgent_news_is_told_by_every_preset() -> None:
    for preset in ("quiet", "normal", "everything"):
        assert told(f"preset='{preset}'", happening(importance=Importance.URGENT, score=-0.9))


@pytest.mark.parametrize("kind", [Kind.PRICE, Kind.BRIEF])
def test_a_channel_for_urgent_notices_is_told_what_somebody_asked_for(kind: Kind) -> None:
    text = "preset = 'none'\n[channels.phone]\nimportance = 'urgent'"
    asked = happening("asked", kind, importance=Importance.NOTABLE)
    assert told(text, asked) == [("phone", kind.value), ("mail", kind.value)]
