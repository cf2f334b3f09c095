"""The study as a whole, on made-up markets whose answer is known."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from cryptoboy_sentiment import signals_frame

from services.common.errors import StopProgram
from services.research.study.conclusions import all_tests
from services.research.study.events import Selection
from services.research.study.page import study_page
from services.research.study.report import study_json
from services.research.study.study import Study, run_study
from tests.support.research.study_samples import HOUR, START, candles_of, made_up_market, signal

Found = dict[str, Any]


def study(effect: float, selection: Selection | None = None, *, seed: int = 1, min_events: int = 30) -> Study:
    candles, signals = made_up_market(effect)
    return run_study(
        signals, candles, selection or Selection(), resamples=100, seed=seed, min_events=min_events
    )


def found_in(effect: float, *, seed: int = 1, min_events: int = 30) -> Found:
    result = study(effect, seed=seed, min_events=min_events)
    return study_json(result, all_tests(result))


@pytest.fixture(scope="module")
def rising() -> Found:
    return found_in(0.3)


@pytest.fixture(scope="module")
def nothing() -> Found:
    return found_in(0.0)


def cell(found: Found, horizon: str, **key: str) -> Found:
    cells = [one for one in found["cells"] if one["key"] == key and one["horizon"] == horizon]
    assert len(cells) == 1
    return dict(cells[0])


def late(found: Found, horizon: str, delay: str) -> Found:
    points = [one for one in found["decay"] if (one["horizon"], one["delay"]) == (horizon, delay)]
    assert len(points) == 1
    return dict(points[0])


def test_a_planted_effect_is_found_where_it_is(rising: Found) -> None:
    hour = cell(rising, "1h")
    assert hour["correlation"] > 0.2
    assert hour["correlation_interval"][0] > 0
    assert hour["correlation_stands"] is True
    assert cell(rising, "1h", label="very_bullish")["abnormal_return_pct"] == pytest.approx(
        0.3 * 0.85, abs=0.06
    )
    assert cell(rising, "1h", label="very_bearish")["abnormal_return_pct"] == pytest.approx(
        -0.3 * 0.85, abs=0.06
    )
    assert rising["verdict"].startswith("Higher scores were followed by higher returns over 1h")


def test_a_planted_effect_is_gone_an_hour_later(rising: Found) -> None:
    assert late(rising, "1h", "0m")["correlation"] == cell(rising, "1h")["correlation"]
    assert abs(late(rising, "1h", "1h")["correlation"]) < 0.05
    assert late(rising, "1h", "0m")["bullish"]["abnormal_return_pct"] > 0.1
    assert late(rising, "1h", "4h")["mean_wait_hours"] == pytest.approx(
        4 + 2 / 3
    )  # 20 past the hour to the next


def test_where_there_is_nothing_nothing_is_claimed(nothing: Found) -> None:
    assert nothing["multiple_testing"]["standing"] == 0
    assert nothing["multiple_testing"]["tests"] > 20
    assert "cannot be told from chance at any measured horizon" in nothing["verdict"]
    assert "Not shown: that a trade would have earned anything" in nothing["verdict"]


def test_the_opposite_effect_is_called_the_opposite() -> None:
    assert "followed by lower returns over 1h" in found_in(-0.3)["verdict"]


def test_all_events_of_a_steady_market_have_no_abnormal_return(nothing: Found) -> None:
    every = cell(nothing, "1h")
    assert abs(every["abnormal_return_pct"]) < 0.01
    low, high = every["abnormal_return_interval"]
    assert high - low < (every["mean_return_interval"][1] - every["mean_return_interval"][0]) / 3


def test_what_candles_cannot_tell_is_null_with_its_reason(nothing: Found) -> None:
    quarter = cell(nothing, "15m")
    assert {name for name, value in quarter.items() if value is not None} == {"group", "key", "horizon"}
    assert nothing["horizons"][0]["reason"] == "shorter than one candle of 1h"
    assert late(nothing, "1h", "15m")["correlation"] is None
    assert late(nothing, "1h", "15m")["events"] is None
    assert "15m" not in nothing["verdict"]


def test_quarter_hour_candles_tell_every_horizon_and_delay() -> None:
    random = np.random.default_rng(5)
    candles = {"BTC/USDT": candles_of(list(100 + random.normal(size=2000).cumsum() / 20), timeframe="15m")}
    rows = [signal(START + n * HOUR, float(random.uniform(-1, 1)), article=f"a{n}") for n in range(400)]
    result = run_study(signals_frame(rows), candles, Selection(), resamples=100, seed=1, min_events=30)
    found = study_json(result, all_tests(result))
    assert all(cell(found, horizon)["correlation"] is not None for horizon in ("15m", "1h", "4h", "24h"))
    assert all(point["events"] for point in found["decay"])


def test_events_and_windows_that_do_not_overlap_are_counted_in_every_cell(nothing: Found) -> None:
    day = cell(nothing, "24h", pair="BTC/USDT")
    assert day["events"] == 40 * 24 - 24
    assert day["independent"] == 39
    # two pairs that move together are no more windows than one
    assert cell(nothing, "24h")["independent"] == 39
    assert nothing["horizons"][3]["events_without_candles_at_entry_or_exit"] == 48


def test_a_cell_with_few_events_has_a_count_and_no_figures() -> None:
    found = found_in(0.0, min_events=300)
    small = [one for one in found["cells"] if one["events"] is not None and one["events"] < 300]
    assert small
    for one in small:
        figures = one.keys() - {"group", "key", "horizon", "events", "independent"}
        assert {one[name] for name in figures} == {None}


def test_labels_pairs_sources_scope_and_fallback_are_told_apart(nothing: Found) -> None:
    groups = {one["group"] for one in nothing["cells"]}
    assert groups == {
        "all", "label", "pair", "source", "label and pair", "label and source", "scope", "degraded"
    }  # fmt: skip
    market, asset = (cell(nothing, "1h", scope=scope)["events"] for scope in ("market", "asset"))
    assert market == pytest.approx((market + asset) / 5, abs=2)
    assert cell(nothing, "1h", degraded="true")["events"] < cell(nothing, "1h", degraded="false")["events"]
    assert [one["key"]["label"] for one in nothing["cells"] if one["group"] == "label"][:5] == [
        "very_bearish", "bearish", "neutral", "bullish", "very_bullish"
    ]  # fmt: skip


def test_the_same_seed_repeats_every_figure_and_another_does_not(nothing: Found) -> None:
    assert json.dumps(nothing) == json.dumps(found_in(0.0))
    other = cell(found_in(0.0, seed=2), "1h")
    assert other["correlation"] == cell(nothing, "1h")["correlation"]
    assert other["correlation_interval"] != cell(nothing, "1h")["correlation_interval"]


def test_no_figure_is_nan_or_infinite() -> None:
    candles = {"BTC/USDT": candles_of([100.0] * 200)}  # nothing moves: correlations are undefined
    rows = [signal(START + n * HOUR, 0.5, article=f"a{n}") for n in range(150)]
    result = run_study(signals_frame(rows), candles, Selection(), resamples=100, seed=1, min_events=2)
    found = study_json(result, all_tests(result))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert cell(found, "1h")["correlation"] is None
    assert found["verdict"].startswith("150 events are too few")
    assert "chart" in study_page(result, all_tests(result))


def test_a_period_counts_its_start_and_not_its_end() -> None:
    result = study(0.0, Selection(start=START + timedelta(days=2), end=START + timedelta(days=30)))
    assert len(result.events.frame) == 2 * 28 * 24
    found = study_json(result, all_tests(result))
    assert found["period"] == {"from": "2025-05-03T00:00:00+00:00", "to": "2025-05-31T00:00:00+00:00"}


def test_signals_outside_the_candles_or_the_period_are_refused_with_both_ranges() -> None:
    candles = {"BTC/USDT": candles_of([100.0] * 10)}
    late_signals = signals_frame([signal(START + timedelta(days=400))])
    with pytest.raises(
        StopProgram, match=r"no signal can be studied: 1 signals \(2026-06-05.*inside the candles"
    ):
        run_study(late_signals, candles, Selection(), resamples=100, seed=1, min_events=2)
    with pytest.raises(StopProgram, match="1 outside the period"):
        run_study(late_signals, candles, Selection(end=START), resamples=100, seed=1, min_events=2)


def test_the_page_needs_nothing_beside_it_and_says_what_the_study_says() -> None:
    result = study(0.3)
    tests = all_tests(result)
    page = study_page(result, tests)
    # What comes later must not make a chart narrower that has been drawn.
    assert re.search(r"^\.charts \{.*repeat\(auto-fill,", page, re.MULTILINE)
    own = page[: page.index("<script>")] + page[page.index("</script>") :]
    assert "http" not in own
    assert study_json(result, tests)["verdict"].replace("<", "&lt;") in own
    assert "shorter than one candle of 1h" in own
    assert page == study_page(result, tests)


def test_names_from_news_are_text_in_the_page() -> None:
    candles, signals = made_up_market(0.0, days=20)
    hostile = signals.assign(source=signals["source"].replace("blog", "<script>alert(1)</script>"))
    result = run_study(hostile, candles, Selection(), resamples=100, seed=1, min_events=30)
    assert "<script>alert" not in study_page(result, all_tests(result))
