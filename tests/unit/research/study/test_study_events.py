"""Which signals an event study counts."""

from __future__ import annotations

from datetime import timedelta

from cryptoboy_sentiment import Signal, signals_frame

from services.research.study.events import Events, Selection, events_of
from tests.support.research.study_samples import HOUR, START, signal

PAIRS = ("BTC/USDT", "ETH/USDT")


def events(*signals: Signal, **selection: object) -> Events:
    return events_of(signals_frame(signals), PAIRS, Selection(**selection))  # type: ignore[arg-type]  # test's own


def scores(found: Events) -> list[tuple[float, str]]:
    return list(zip(found.frame["score"], found.frame["kind"], strict=True))


def test_an_article_is_one_event_for_each_pair_and_model() -> None:
    found = events(
        signal(START),
        signal(START, pair="ETH/USDT"),
        signal(START, model="llama"),
        signal(START, article="a2"),
    )
    assert len(found.frame) == 4
    assert set(found.frame["kind"]) == {"first"}


def test_a_correction_that_changes_the_score_is_one_event_more_at_its_own_time() -> None:
    found = events(signal(START, 0.8), signal(START + HOUR, -0.2, revision=1))
    assert scores(found) == [(0.8, "first"), (-0.2, "correction")]
    assert list(found.frame["available_at"]) == [START, START + HOUR]


def test_the_same_correction_twice_is_one_event() -> None:
    found = events(
        signal(START, 0.8), signal(START + HOUR, -0.2, revision=1), signal(START + 2 * HOUR, -0.2, revision=1)
    )
    assert scores(found) == [(0.8, "first"), (-0.2, "correction")]
    assert (found.rows, found.repeated) == (3, 1)


def test_a_correction_that_changes_nothing_is_no_event() -> None:
    found = events(
        signal(START, 0.8),
        signal(START + HOUR, 0.8, revision=1),
        signal(START + 2 * HOUR, 0.4, revision=2),
    )
    assert scores(found) == [(0.8, "first"), (0.4, "correction")]
    assert found.unchanged == 1


def test_an_old_revision_that_comes_late_is_no_event() -> None:
    found = events(signal(START, 0.8, revision=1), signal(START + HOUR, -0.2, revision=0))
    assert scores(found) == [(0.8, "first")]
    assert found.repeated == 1


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [signal(START + timedelta(minutes=5 * n), n / 10, article=f"a{n}") for n in range(6)]
    assert events(*rows).frame.equals(events(*reversed(rows)).frame)


def test_signals_of_pairs_without_candles_are_counted_by_pair() -> None:
    found = events(
        signal(START), signal(START, pair="SOL/USDT"), signal(START, pair="SOL/USDT", article="a2")
    )
    assert len(found.frame) == 1
    assert found.without_candles == {"SOL/USDT": 2}


def test_scope_fallback_period_and_pair_select() -> None:
    rows = [
        signal(START, article="asset"),
        signal(START, article="market", scope="market"),
        signal(START, article="fallback", degraded=True),
        signal(START + HOUR, article="later"),
        signal(START, article="other", pair="ETH/USDT"),
    ]

    def names(**selection: object) -> set[str]:
        return set(events(*rows, **selection).frame["article_id"])

    every = {"asset", "market", "fallback", "later", "other"}
    assert names() == every
    assert names(scope="market") == {"market"}
    assert names(degraded=False) == every - {"fallback"}
    assert names(start=START + HOUR) == {"later"}
    assert names(end=START + HOUR) == every - {"later"}
    assert names(pairs=("ETH/USDT",)) == {"other"}
    assert events(*rows, scope="market").not_selected == 4


def test_no_signals_are_no_events() -> None:
    assert events().frame.empty
