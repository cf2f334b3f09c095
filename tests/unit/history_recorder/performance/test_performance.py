"""How the scores did: what is counted, with what intervals, and when it is called chance."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from services.common.errors import StopProgram
from services.common.history.batch import Batch
from services.common.history.figures import Measured
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.values import label_of
from services.history_recorder.performance.cells import cells_of, with_verdicts
from services.history_recorder.performance.events import Events, events_of
from services.history_recorder.performance.measure import LONGEST_PERIOD, measure
from services.history_recorder.performance.report import MIN_EVENTS, Cell
from services.history_recorder.performance.verdict import is_chance, verdict_of
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW, PAIR

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = 20


def one(
    number: int,
    score: float,
    change: float,
    *,
    control: float | None = 0.0,
    when: datetime | None = None,
    **more: str,
) -> Measured:
    available = when or NOW + number * 2 * HOUR
    fields = {"kind": "other", "scope": "asset", "source": "Wire", "model": "lexicon"} | more
    return Measured(
        article_id=f"article-{number}",
        pair=PAIR,
        revision=0,
        available_at=available,
        score=score,
        label=label_of(score).value,
        symbol=PAIR,
        entered=available + timedelta(minutes=1),
        change=change,
        control=control,
        **fields,
    )


def scored(skill: float, *, count: int = 12 * DAYS, seed: int = 1) -> list[Measured]:
    """Signals over `DAYS` days after which prices move by chance, and by `skill` in the direction of the score."""
    random = np.random.default_rng(seed)
    scores = random.choice([-0.9, -0.5, 0.0, 0.5, 0.9], count)
    moves = random.normal(0, 0.01, count) + skill * np.sign(scores)
    sources = random.choice(["Wire", "Ledger"], count)
    return [
        one(number, float(score), float(move), source=str(source))
        for number, (score, move, source) in enumerate(zip(scores, moves, sources, strict=True))
    ]


def cells(measured: list[Measured]) -> tuple[Cell, ...]:
    return with_verdicts(cells_of(Events.of(measured), HOUR, NOW, NOW + DAYS * DAY))


def cell(found: tuple[Cell, ...], group: str = "all", value: str = "") -> Cell:
    return next(each for each in found if (each.group, each.value) == (group, value))


def test_scores_without_skill_are_called_chance() -> None:
    found = cells(scored(0.0))
    assert is_chance(found)
    assert "cannot be told from chance" in verdict_of(found, DAYS * DAY)
    assert not any(each.stands for each in found)


@pytest.mark.parametrize(("skill", "words"), [(0.01, "in the direction"), (-0.01, "against the direction")])
def test_skill_is_found_and_its_direction_is_said(skill: float, words: str) -> None:
    found = cells(scored(skill))
    every = cell(found)
    assert every.stands
    assert every.directed is not None
    assert every.directed_low is not None
    assert every.directed_high is not None
    assert every.directed_low < skill * 100 < every.directed_high
    assert f"Prices moved {words} of the scores by more than chance" in verdict_of(found, DAYS * DAY)


def test_how_often_by_chance_skill_is_found_is_what_the_interval_promises() -> None:
    standing = [cell(cells(scored(0.0, seed=seed))).stands for seed in range(20)]
    assert sum(standing) <= 4  # 5% of 20 are 1


def test_the_control_is_subtracted_before_the_direction_is_judged() -> None:
    bullish = [measured for measured in scored(0.0) if measured.score > 0]
    rising = [measured._replace(change=measured.change + 0.05, control=0.05) for measured in bullish]
    before, after = cell(cells(bullish)), cell(cells(rising))
    assert after.mean == pytest.approx((before.mean or 0) + 5)
    assert after.control == pytest.approx(5)
    assert after.directed == pytest.approx(before.directed)


def test_a_group_with_few_signals_has_a_count_and_no_figures() -> None:
    many = scored(0.0)
    few = [measured._replace(source="Rare") for measured in many[: MIN_EVENTS - 1]]
    found = cells([*few, *many[MIN_EVENTS - 1 :]])
    rare = cell(found, "source", "Rare")
    assert (rare.events, rare.mean, rare.directed, rare.p) == (MIN_EVENTS - 1, None, None, None)
    assert cell(found, "source", "Wire").mean is not None


def test_neutral_signals_have_a_return_and_no_direction() -> None:
    neutral = cell(cells(scored(0.0)), "label", "neutral")
    assert neutral.mean is not None
    assert (neutral.directed, neutral.hit_share, neutral.p) == (None, None, None)


def test_a_group_with_one_value_is_left_out_since_it_repeats_all() -> None:
    assert {each.group for each in cells(scored(0.0))} == {"all", "source", "label"}


def test_few_days_are_said_to_be_too_few() -> None:
    short = [
        measured._replace(available_at=NOW + number * timedelta(minutes=5))
        for number, measured in enumerate(scored(0.01))
    ]
    found = cells(short)
    assert cell(found).p is None
    assert is_chance(found)
    hits, those = cell(found).hits, cell(found).with_direction
    said = verdict_of(found, DAYS * DAY)
    assert f"{hits} of {those} after 1h" in said
    assert f"A judgement needs 30 such scores on 10 days; these are {those} on 1." in said
    assert "in about 9 days" in said
    assert "A period of 7 days is too short for it" in verdict_of(found, 7 * DAY)


def test_with_no_control_yet_it_says_that_the_days_before_are_missing() -> None:
    found = cells([one(number, 0.5, 0.01, control=None) for number in range(3)])
    assert "3 signals have a return, but none that is not neutral has a control" in verdict_of(found, 7 * DAY)


def test_few_scores_have_a_share_that_were_right_with_an_interval_of_the_windows_that_do_not_overlap() -> (
    None
):
    apart = cell(cells([one(number, 0.5, 0.01 if number % 4 else -0.01) for number in range(8)]))
    assert (apart.hits, apart.with_direction, apart.hit_share) == (6, 8, 0.75)
    assert (apart.hit_low, apart.hit_high) == pytest.approx((0.409, 0.929), abs=0.001)  # Wilson, 6 of 8
    together = cell(cells([one(0, 0.5, 0.01, when=NOW), one(1, 0.5, 0.01, when=NOW)]))
    assert (together.hit_low, together.hit_high) == pytest.approx((0.207, 1.0), abs=0.001)  # 1 of 1


def test_overlapping_windows_are_counted_once() -> None:
    together = [one(number, 0.5, 0.0, when=NOW + timedelta(seconds=number)) for number in range(40)]
    assert cell(cells(together)).apart == 1


def test_a_revision_counts_only_if_it_changes_the_score() -> None:
    first = one(1, 0.5, 0.01)
    same = first._replace(revision=1, available_at=first.available_at + HOUR)
    changed = same._replace(revision=2, score=-0.5, available_at=first.available_at + 2 * HOUR)
    late = first._replace(revision=1, score=0.9, available_at=first.available_at + 3 * HOUR)
    assert events_of([late, changed, same, first]) == [first, changed]


def test_a_period_of_the_history_is_measured_for_each_horizon(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    numbers = range(1, 4)
    writer.write(
        Batch(
            signals=[some.signal(number) for number in numbers],
            outcomes=[some.outcome(number, horizon=hours) for number in numbers for hours in (1, 4)],
        )
    )
    found = measure(reader, start=NOW - DAY, end=NOW + HOUR, now=NOW + HOUR)
    assert found.signals == {"1h": 3, "4h": 3, "24h": 0}
    assert [each.events for each in found.cells if each.group == "all"] == [3, 3, 0]
    assert found.chance
    assert (found.is_cut, found.computed) == (False, NOW + HOUR)
    cut = measure(reader, start=NOW - DAY, end=NOW + HOUR, now=NOW + HOUR, most=2)
    assert (cut.signals["1h"], cut.is_cut) == (2, True)
    with pytest.raises(StopProgram, match="is empty"):
        measure(reader, start=NOW, end=NOW, now=NOW)


def test_a_period_ends_now_and_is_not_longer_than_can_be_resampled(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    found = measure(reader, start=NOW - 9_000 * DAY, end=NOW + 9_000 * DAY, now=NOW)
    assert (found.start, found.end) == (NOW - LONGEST_PERIOD, NOW)
