"""What every sentiment store does, shown on a real Redis and on the embedded one."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.common.clock import to_ms
from services.common.messages import SentimentSignal, decode
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.common.store.port import SentimentStore, WriteOutcome
from services.common.store.redis.store import LONGEST_DECISION
from services.common.values import EventType, Scope
from tests.support.store.embedded_redis import by_port, embedded_redis
from tests.support.store.store_model import StoreModel, identity
from tests.support.store.store_samples import NOW, PAIR, make_signal

NEWEST, KEPT, DUPLICATE = WriteOutcome.NEWEST, WriteOutcome.KEPT, WriteOutcome.DUPLICATE
CURRENT, HISTORY, SIGNALS, IDS = (
    f"{name}:{PAIR}" for name in ("sentiment", "sentiment_history", "sentiment_signals", "sentiment_ids")
)


@pytest.fixture(scope="module")
def embedded() -> Iterator[Settings]:
    with embedded_redis() as server:
        yield by_port(server)


@pytest.fixture(params=["real", "embedded"])
def address(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "embedded":
        at: Settings = request.getfixturevalue("embedded")
        return {name: getattr(at, name) for name in ("redis_host", "redis_port", "redis_password")}
    server = request.getfixturevalue("redis_server")
    password = SecretStr(server.password) if server.password else None
    return {"redis_host": server.host, "redis_port": server.port, "redis_password": password}


@pytest.fixture
def raw(address: dict[str, Any]) -> Iterator[Any]:
    password = address.get("redis_password")
    client: Any = redis.Redis(
        address["redis_host"],
        address["redis_port"],
        password=password.get_secret_value() if password else None,
        decode_responses=True,
    )
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def store(address: dict[str, Any], raw: Any) -> Iterator[SentimentStore]:
    opened = open_store(Settings(**address))
    yield opened
    opened.close()


def contents(raw: Any) -> dict[str, Any]:
    """Every key with its value and whether it expires."""
    return {
        "current": raw.hgetall(CURRENT),
        "history": raw.lrange(HISTORY, 0, -1),
        "signals": raw.zrange(SIGNALS, 0, -1, withscores=True),
        "ids": raw.hgetall(IDS),
        "keys": sorted(raw.keys("*")),
        "ttl": [raw.ttl(key) for key in (CURRENT, HISTORY, SIGNALS, IDS)],
    }


def ids_of(raw: Any, key: str) -> list[str]:
    entries = raw.lrange(key, 0, -1) if key == HISTORY else raw.zrange(key, 0, -1)
    return [json.loads(entry)["article_id"] for entry in entries]


def current_id(raw: Any) -> str | None:
    return cast("str | None", raw.hget(CURRENT, "article_id"))


# The newest signal


def test_hash_holds_the_fields_of_the_newest_signal(store: SentimentStore) -> None:
    signal = make_signal(
        score=0.85,
        confidence=0.25,
        headline='It said "up" \\ über',
        model="mistral:7b",
        degraded=True,
        owner="digital-group",
        suspected=True,
        weight=0.5,
        event_type=EventType.WITHDRAWAL_HALT,
    )
    assert store.write([signal], NOW) == [NEWEST]
    assert store.current([PAIR, "ETH/USDT"]) == {
        PAIR: {
            "score": "0.85",
            "label": "very_bullish",
            "timestamp": "2026-03-01T11:50:30+00:00",
            "headline": 'It said "up" \\ über',
            "source": "coindesk",
            "article_id": "a1",
            "confidence": "0.25",
            "scope": "asset",
            "model": "mistral:7b",
            "degraded": "true",
            "published": "2026-03-01T11:50:00+00:00",
            "available_at": "2026-03-01T12:00:00.000+00:00",
            "revision": "0",
            "owner": "digital-group",
            "suspected": "true",
            "weight": "0.5",
            "event_type": "withdrawal_halt",
        },
        "ETH/USDT": None,
    }


def test_list_and_sorted_set_hold_the_whole_signal(store: SentimentStore, raw: Any) -> None:
    signal = make_signal(score=-0.1234567890123456, rationale="because")
    store.write([signal], NOW)
    available = signal.model_copy(update={"available_at": NOW})
    assert store.history(PAIR) == [available]
    ((member, score),) = raw.zrange(SIGNALS, 0, -1, withscores=True)
    assert decode(member.encode(), SentimentSignal) == available
    assert score == to_ms(NOW)
    assert raw.hget(CURRENT, "score") == "-0.1234567890123456"


@pytest.mark.parametrize("order", list(itertools.permutations(["old", "new", "newest"])))
def test_newest_by_publication_wins_in_any_order_of_arrival(
    store: SentimentStore, raw: Any, order: tuple[str, ...]
) -> None:
    minutes = {"old": 30.0, "new": 20.0, "newest": 10.0}
    for seconds, name in enumerate(order):
        store.write([make_signal(name, minutes_old=minutes[name])], NOW + timedelta(seconds=seconds))
    assert current_id(raw) == "newest"
    assert ids_of(raw, HISTORY) == ["newest", "new", "old"]
    assert ids_of(raw, SIGNALS) == list(order)


def test_half_a_second_decides(store: SentimentStore, raw: Any) -> None:
    whole, later = make_signal("whole"), make_signal("later", minutes_old=10 - 0.5 / 60)
    store.write([later, whole], NOW)
    assert ids_of(raw, HISTORY) == ["later", "whole"]


def test_published_together_the_later_available_is_newer(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("b")], NOW)
    store.write([make_signal("a")], NOW + timedelta(milliseconds=1))
    assert current_id(raw) == "a"


@pytest.mark.parametrize(
    "order", [("A-1", "B", "a", "a-1"), ("a-1", "a", "B", "A-1"), ("a", "B", "a-1", "A-1")]
)
def test_published_and_available_together_the_bytes_of_the_id_decide(
    store: SentimentStore, raw: Any, order: tuple[str, ...]
) -> None:
    store.write([make_signal(name) for name in order], NOW)
    assert ids_of(raw, HISTORY) == ["a-1", "a", "B", "A-1"]


def test_outcomes_are_in_the_order_of_the_signals(store: SentimentStore) -> None:
    signals = [
        make_signal("a", minutes_old=5),
        make_signal("e", pair="ETH/USDT"),
        make_signal("b", minutes_old=9),
        make_signal("a", minutes_old=5),
    ]
    assert store.write(signals, NOW) == [NEWEST, NEWEST, KEPT, DUPLICATE]
    assert store.write([], NOW) == []


# The same again, and revisions


def test_the_same_signal_twice_changes_nothing(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a"), make_signal("b", minutes_old=50)], NOW)
    before = contents(raw)
    again = [make_signal("b", minutes_old=50, headline="told otherwise"), make_signal("a")]
    assert store.write(again, NOW + timedelta(hours=1)) == [DUPLICATE, DUPLICATE]
    assert contents(raw) == before


def test_another_model_of_the_same_article_is_another_signal(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a", model="one"), make_signal("a", model="two|three")], NOW)
    assert len(ids_of(raw, HISTORY)) == 2
    assert raw.hgetall(IDS) == {"a|one": "0", "a|two|three": "0"}


@pytest.mark.parametrize("together", [True, False])
def test_a_higher_revision_is_what_list_and_hash_show(
    store: SentimentStore, raw: Any, together: bool
) -> None:
    first, corrected = make_signal("a", score=0.8), make_signal("a", score=-0.4, revision=2)
    if together:
        assert store.write([first, corrected], NOW) == [KEPT, NEWEST]
    else:
        store.write([first], NOW)
        assert store.write([corrected], NOW + timedelta(minutes=1)) == [NEWEST]
    assert [signal.sentiment_score for signal in store.history(PAIR)] == [-0.4]
    assert raw.hmget(CURRENT, "score", "revision") == ["-0.4", "2"]
    assert raw.hgetall(IDS) == {"a|lexicon": "2"}


def test_every_revision_stays_in_the_sorted_set_at_its_own_time(store: SentimentStore, raw: Any) -> None:
    times = [NOW + timedelta(minutes=minute) for minute in (0, 1, 1, 7)]
    for revision, now in enumerate(times):
        assert store.write([make_signal("a", revision=revision)], now) == [NEWEST]
    found = raw.zrange(SIGNALS, 0, -1, withscores=True)
    assert [score for _, score in found] == [to_ms(now) for now in times]
    members = [decode(member.encode(), SentimentSignal) for member, _ in found]
    assert [(each.revision, each.available_at) for each in members] == list(enumerate(times))


def test_a_revision_leaves_the_sorted_set_by_its_age_and_its_successor_stays_known(
    store: SentimentStore, raw: Any
) -> None:
    store.write([make_signal("a")], NOW)
    store.write([make_signal("a", revision=1)], NOW + timedelta(hours=2))
    later = NOW + timedelta(hours=49)
    store.write([make_signal("b", minutes_old=30)], later)
    assert [json.loads(each)["revision"] for each in raw.zrange(SIGNALS, 0, -1)] == [1, 0]
    assert raw.hgetall(IDS) == {"a|lexicon": "1", "b|lexicon": "0"}
    assert store.write([make_signal("a"), make_signal("a", revision=1)], later) == [DUPLICATE, DUPLICATE]


def test_corrections_of_a_full_list_leave_its_order_and_length(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal(f"n{i:03}", minutes_old=i) for i in range(102)], NOW)
    corrected = [make_signal(f"n{i:03}", minutes_old=i, revision=1) for i in (0, 50, 99, 101)]
    outcomes = store.write(corrected, NOW + timedelta(minutes=1))
    assert outcomes == [NEWEST, KEPT, KEPT, KEPT]
    assert ids_of(raw, HISTORY) == [f"n{i:03}" for i in range(100)]
    revised = [each.article_id for each in store.history(PAIR) if each.revision]
    assert revised == ["n000", "n050", "n099"]
    assert raw.zcard(SIGNALS) == 106


def test_a_lower_revision_after_a_higher_one_changes_nothing(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a", revision=2)], NOW)
    before = contents(raw)
    later = NOW + timedelta(minutes=1)
    assert store.write([make_signal("a", revision=1, score=-1.0)], later) == [DUPLICATE]
    assert contents(raw) == before


def test_a_signal_corrected_to_an_earlier_time_gives_its_place_back(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal(f"n{i:03}", minutes_old=i) for i in range(102)], NOW)
    assert "n101" not in ids_of(raw, HISTORY)
    store.write([make_signal("n000", minutes_old=500, revision=1)], NOW)
    assert ids_of(raw, HISTORY) == [f"n{i:03}" for i in range(1, 101)]
    assert current_id(raw) == "n001"


# Asset and market


def test_a_newer_market_signal_does_not_replace_a_fresh_asset_signal(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("asset", minutes_old=239)], NOW)
    assert store.write([make_signal("market", minutes_old=1, scope=Scope.MARKET)], NOW) == [KEPT]
    assert current_id(raw) == "asset"
    assert ids_of(raw, HISTORY) == ["market", "asset"]


def test_a_fresh_asset_signal_replaces_a_newer_market_signal(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("market", minutes_old=1, scope=Scope.MARKET)], NOW)
    assert store.write([make_signal("asset", minutes_old=239)], NOW) == [NEWEST]
    assert current_id(raw) == "asset"


def test_a_stale_asset_signal_does_not_replace_a_market_signal(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("market", minutes_old=1, scope=Scope.MARKET)], NOW)
    assert store.write([make_signal("asset", minutes_old=241)], NOW) == [KEPT]
    assert current_id(raw) == "market"


def test_an_asset_signal_gone_stale_gives_way_to_the_newest_of_all(store: SentimentStore, raw: Any) -> None:
    asset = make_signal("asset", minutes_old=200)
    market = make_signal("market", minutes_old=100, scope=Scope.MARKET)
    store.write([asset, market], NOW)
    assert current_id(raw) == "asset"
    late = make_signal("late", minutes_old=300, scope=Scope.MARKET)
    assert store.write([late], NOW + timedelta(minutes=41)) == [KEPT]
    assert current_id(raw) == "market"


def test_a_correction_to_market_scope_gives_way_to_the_next_asset_signal(
    store: SentimentStore, raw: Any
) -> None:
    store.write([make_signal("a", minutes_old=20), make_signal("b", minutes_old=10)], NOW)
    store.write([make_signal("b", minutes_old=10, revision=1, scope=Scope.MARKET)], NOW)
    assert current_id(raw) == "a"


# Time of availability, window, expiry


def test_available_at_never_falls_behind_when_the_clock_steps_back(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a")], NOW)
    store.write([make_signal("b", minutes_old=5)], NOW - timedelta(minutes=1))
    store.write([make_signal("c", minutes_old=4)], NOW + timedelta(seconds=1))
    scores = [score for _, score in raw.zrange(SIGNALS, 0, -1, withscores=True)]
    assert scores == [to_ms(NOW), to_ms(NOW), to_ms(NOW) + 1000]
    times = {signal.article_id: signal.available_at for signal in store.history(PAIR)}
    assert times == {"a": NOW, "b": NOW, "c": NOW + timedelta(seconds=1)}


def test_one_write_by_a_clock_far_ahead_does_not_hold_back_what_comes_after(
    store: SentimentStore, raw: Any
) -> None:
    store.write([make_signal("early")], NOW + timedelta(hours=6))
    store.write([make_signal("b")], NOW)
    store.write([make_signal("c")], NOW - timedelta(minutes=1))
    scores = [score for _, score in raw.zrange(SIGNALS, 0, -1, withscores=True)]
    assert ids_of(raw, SIGNALS) == ["b", "c", "early"]
    assert scores == [to_ms(NOW), to_ms(NOW), to_ms(NOW + timedelta(hours=6))]


def test_a_correction_does_not_let_available_at_fall_behind(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a")], NOW)
    store.write([make_signal("a", revision=1)], NOW - timedelta(minutes=1))
    assert [score for _, score in raw.zrange(SIGNALS, 0, -1, withscores=True)] == [to_ms(NOW)] * 2


def test_sorted_set_keeps_the_window_by_availability(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("gone")], NOW)
    store.write([make_signal("edge", minutes_old=5)], NOW + timedelta(hours=1))
    published_long_ago = make_signal("archive", minutes_old=60 * 24 * 7)
    store.write([published_long_ago], NOW + timedelta(hours=49))
    assert ids_of(raw, SIGNALS) == ["edge", "archive"]
    assert ids_of(raw, HISTORY) == ["edge", "gone", "archive"]


def test_a_signal_that_is_still_fresh_stays_however_short_the_window(
    address: dict[str, Any], raw: Any
) -> None:
    with closing(open_store(Settings(**address, signal_history_hours=1))) as store:
        store.write([make_signal("a", minutes_old=0), make_signal("a", minutes_old=0, revision=1)], NOW)
        store.write([make_signal("b", minutes_old=5)], NOW + timedelta(hours=4))
        assert ids_of(raw, SIGNALS) == ["a", "a", "b"]
        store.write([make_signal("c", minutes_old=6)], NOW + timedelta(hours=5, seconds=1))
        assert ids_of(raw, SIGNALS) == ["b", "c"]


def test_a_signal_is_recognised_as_long_as_the_list_or_the_sorted_set_holds_it(
    store: SentimentStore, raw: Any
) -> None:
    store.write([make_signal("listed", minutes_old=0), make_signal("pushed_out", minutes_old=400)], NOW)
    later = NOW + timedelta(hours=50)
    flood = [make_signal(f"f{i:03}", minutes_old=i, available_at=None) for i in range(1, 104)]
    store.write(flood, later)
    held = {*ids_of(raw, HISTORY), *ids_of(raw, SIGNALS)}
    assert {name.split("|")[0] for name in raw.hkeys(IDS)} == held
    assert "listed" in held
    assert "pushed_out" not in held
    assert store.write([make_signal("listed", minutes_old=0), flood[-1]], later) == [DUPLICATE, DUPLICATE]


def test_list_is_bounded_to_the_newest_hundred(store: SentimentStore, raw: Any) -> None:
    signals = [make_signal(f"n{i:04}", minutes_old=i) for i in range(1200)]
    random.Random(7).shuffle(signals)
    outcomes = store.write(signals, NOW)
    assert ids_of(raw, HISTORY) == [f"n{i:04}" for i in range(100)]
    assert raw.zcard(SIGNALS) == 1200
    assert outcomes[[signal.article_id for signal in signals].index("n0000")] is NEWEST
    assert [signal.article_id for signal in store.history(PAIR, limit=2)] == ["n0000", "n0001"]
    assert store.history(PAIR, limit=0) == []


def test_expiry_covers_all_keys_and_is_refreshed_and_lifted(address: dict[str, Any], raw: Any) -> None:
    keys = [CURRENT, HISTORY, SIGNALS, IDS]
    short = open_store(Settings(**address, signal_cache_ttl=100))
    short.write([make_signal("a")], NOW)
    assert all(0 < raw.ttl(key) <= 100 for key in keys)
    for key in keys:
        raw.expire(key, 5)
    short.write([make_signal("b", minutes_old=20)], NOW)
    assert all(5 < raw.ttl(key) <= 100 for key in keys)
    short.close()
    unlimited = open_store(Settings(**address, signal_cache_ttl=0))
    unlimited.write([make_signal("c", minutes_old=30)], NOW)
    assert [raw.ttl(key) for key in keys] == [-1, -1, -1, -1]
    unlimited.close()


# What others may do to the keys


def test_the_script_is_loaded_again_when_redis_forgot_it(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a")], NOW)
    raw.script_flush()
    assert store.write([make_signal("b", minutes_old=1), make_signal("e", pair="ETH/USDT")], NOW) == [
        NEWEST,
        NEWEST,
    ]


def test_a_deleted_hash_is_made_again_from_what_is_known(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a", minutes_old=5)], NOW)
    raw.delete(CURRENT)
    store.write([make_signal("b", minutes_old=50)], NOW)
    assert current_id(raw) == "a"


@pytest.mark.parametrize("doubt", [{"suspected": True}, {"weight": 0.0}])
def test_no_doubtful_signal_displaces_a_trusted_one_that_is_fresh(
    store: SentimentStore, raw: Any, doubt: dict[str, Any]
) -> None:
    assert store.write([make_signal("doubtful", minutes_old=5, **doubt)], NOW) == [NEWEST]
    market = make_signal("market", minutes_old=30, scope=Scope.MARKET)
    assert store.write([market, make_signal("again", minutes_old=1, **doubt)], NOW) == [NEWEST, KEPT]
    assert store.write([make_signal("asset", minutes_old=60)], NOW) == [NEWEST]
    store.write([make_signal("late", minutes_old=-200, **doubt)], NOW + timedelta(hours=3, minutes=25))
    assert current_id(raw) == "market"
    store.write([make_signal("later", minutes_old=-240, **doubt)], NOW + timedelta(hours=4))
    assert current_id(raw) == "later"


def test_what_an_older_version_wrote_can_become_the_current_signal(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a", minutes_old=5)], NOW)
    ((member, moment),) = raw.zrange(SIGNALS, 0, -1, withscores=True)
    fields = json.loads(member)
    later = {"owner", "suspected", "weight", "event_type"}
    older = json.dumps(
        {name: value for name, value in fields.items() if name not in later},
        separators=(",", ":"),
    )
    raw.delete(CURRENT, HISTORY, SIGNALS)
    raw.zadd(SIGNALS, {older: moment})
    store.write([make_signal("b", minutes_old=50)], NOW)
    assert current_id(raw) == "a"
    assert raw.hmget(CURRENT, "owner", "suspected", "weight", "event_type") == ["", "false", "1.0", "other"]


def test_a_foreign_entry_in_the_list_is_left_out_when_read(store: SentimentStore, raw: Any) -> None:
    store.write([make_signal("a")], NOW)
    raw.rpush(HISTORY, "no signal")
    assert [signal.article_id for signal in store.history(PAIR)] == ["a"]


def test_a_reader_goes_on_from_a_position_with_every_revision_and_the_number_of_all(
    store: SentimentStore, raw: Any
) -> None:
    first, second = make_signal("a", minutes_old=9), make_signal("b", minutes_old=8)
    store.write([first], NOW)
    store.write([second, first.model_copy(update={"revision": 1})], NOW + timedelta(seconds=1))
    raw.zadd(SIGNALS, {"no signal": to_ms(NOW + timedelta(seconds=2))})

    later = to_ms(NOW + timedelta(seconds=1))
    found = store.signals_from({PAIR: later, "ETH/USDT": 0})
    assert {(each.article_id, each.revision) for each in found[PAIR].signals} == {("b", 0), ("a", 1)}
    assert {each.available_at for each in found[PAIR].signals} == {NOW + timedelta(seconds=1)}
    assert found[PAIR].total == 4
    assert (list(found["ETH/USDT"].signals), found["ETH/USDT"].total) == ([], 0)
    assert len(store.signals_from({PAIR: 0})[PAIR].signals) == 3
    assert store.signals_from({}) == {}


def test_a_signal_that_does_not_say_when_it_became_available_has_the_instant_of_its_place(
    store: SentimentStore, raw: Any
) -> None:
    raw.zadd(SIGNALS, {make_signal("a").model_dump_json(exclude={"available_at"}): to_ms(NOW)})
    (signal,) = store.signals_from({PAIR: 0})[PAIR].signals
    assert signal.available_at == NOW


def test_the_pairs_that_are_scored_are_told_and_read(store: SentimentStore, raw: Any) -> None:
    assert store.scored_pairs() is None
    told = {"BTC/USDT": None, "SOL/USDT": NOW}
    store.announce_scored_pairs(told)
    assert store.scored_pairs() == told
    assert json.loads(raw.get("sentiment_pairs")).keys() == told.keys()
    raw.set("sentiment_pairs", "something else")
    assert store.scored_pairs() is None


def test_health_tells_how_the_last_use_went(store: SentimentStore) -> None:
    assert store.health().ok is False
    store.check()
    assert store.health().ok is True
    store.close()
    store.close()


# Any order, any portions, any time: against the plain model

QUICKLY = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def revision_of(signal: SentimentSignal) -> tuple[str, str, int]:
    return (*identity(signal), signal.revision)


def assert_is(raw: Any, store: SentimentStore, model: StoreModel) -> None:
    assert store.history(PAIR) == model.history
    members = [decode(member.encode(), SentimentSignal) for member in raw.zrange(SIGNALS, 0, -1)]
    assert sorted(members, key=revision_of) == sorted(model.signals, key=revision_of)
    fields = store.current([PAIR])[PAIR]
    assert fields is not None
    assert model.current is not None
    assert (fields["article_id"], fields["model"], int(fields["revision"])) == (
        *identity(model.current),
        model.current.revision,
    )
    assert float(fields["score"]) == model.current.sentiment_score
    assert raw.hgetall(IDS) == {
        f"{article_id}|{name}": str(signal.revision) for (article_id, name), signal in model.known.items()
    }


@st.composite
def sets_of_signals(draw: st.DrawFn) -> list[SentimentSignal]:
    """Signals of one pair: few ids and times, so that they collide in every way."""
    signals: dict[tuple[str, str, int], SentimentSignal] = {}
    for _ in range(draw(st.integers(1, 25))):
        signal = make_signal(
            draw(st.sampled_from(["a", "b", "B", "a-1", "c"])),
            minutes_old=draw(st.sampled_from([1, 1.5, 30, 239.99, 240, 240.01, 300, 900])),
            model=draw(st.sampled_from(["m", "n"])),
            revision=draw(st.integers(0, 2)),
            scope=draw(st.sampled_from(Scope)),
            score=draw(st.floats(-1, 1)),
            suspected=draw(st.sampled_from([False, False, True])),
            weight=draw(st.sampled_from([0.0, 1.0, 1.0])),
        )
        signals.setdefault((*identity(signal), signal.revision), signal)
    # About a hundred others make the list full, so that signals fall off it and come back.
    others = [
        make_signal(
            f"x{i:03}",
            minutes_old=10 + 5 * i,
            scope=Scope.MARKET if i % 3 else Scope.ASSET,
            suspected=i % 7 != 0,
        )
        for i in range(draw(st.sampled_from([0, 0, 98, 110])))
    ]
    return [*signals.values(), *others]


@QUICKLY
@given(signals=sets_of_signals(), cuts=st.lists(st.integers(0, 150), max_size=4), seed=st.integers(0, 2**32))
def test_any_order_and_portions_end_the_same(
    store: SentimentStore, raw: Any, signals: list[SentimentSignal], cuts: list[int], seed: int
) -> None:
    raw.flushdb()
    shuffled = [*signals, *signals[::3]]
    random.Random(seed).shuffle(shuffled)
    ordered, as_it_came = (StoreModel(timedelta(hours=48), timedelta(hours=4)) for _ in range(2))
    ordered.write(sorted(signals, key=revision_of), NOW)
    for start, end in itertools.pairwise([0, *sorted(cuts), max(150, len(shuffled))]):
        store.write(shuffled[start:end], NOW)
        as_it_came.write(shuffled[start:end], NOW)
    assert_is(raw, store, as_it_came)
    assert (as_it_came.known, as_it_came.history, as_it_came.current) == (
        ordered.known,
        ordered.history,
        ordered.current,
    )


@QUICKLY
@given(
    seed=st.integers(0, 2**32),
    window_hours=st.sampled_from([1, 2, 48]),
    staleness_hours=st.sampled_from([0.5, 4, 100]),
)
def test_whatever_comes_as_time_passes_follows_the_rules(
    address: dict[str, Any], raw: Any, seed: int, window_hours: int, staleness_hours: float
) -> None:
    raw.flushdb()
    chance = random.Random(seed)
    doubt = chance.choice([0.1, 0.9])
    limits = {"signal_history_hours": window_hours, "sentiment_staleness_hours": staleness_hours}
    store = open_store(Settings(**(address | limits)))
    staleness = timedelta(hours=staleness_hours)
    model = StoreModel(max(timedelta(hours=window_hours), staleness + LONGEST_DECISION), staleness)
    now = NOW
    for _ in range(chance.randint(1, 8)):
        now += timedelta(minutes=chance.choice([0, 0, 1, 20, 70, 200, -0.5]))
        batch = [
            make_signal(
                chance.choice(["a", "b", "c", f"x{chance.randrange(300)}"]),
                model=chance.choice("mn"),
                revision=chance.choice([0, 0, 0, 1, 2]),
                scope=chance.choice(list(Scope)),
                minutes_old=chance.choice([chance.randrange(1, 600), 5, 6]),
                suspected=chance.random() < doubt,
                weight=chance.choice([0.0, 1.0, 1.0]),
            )
            for _ in range(chance.choice([1, 1, 3, 30, 110]))
        ]
        assert store.write(batch, now) == model.write(batch, now)
        assert_is(raw, store, model)
    store.close()
