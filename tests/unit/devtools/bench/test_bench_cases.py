"""The catalogue, the order of measuring, and the made-up input of the bench."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devtools.bench.catalogue import CASES, chosen_cases
from devtools.bench.lab import Lab
from devtools.bench.plot import latency_page
from devtools.bench.results import Latencies
from devtools.bench.samples import PAIRS, article, signals
from devtools.bench.servers import Servers, rabbitmq_at, redis_at
from services.common.errors import StopProgram

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def lab(folder: Path, *, repeat: int = 1, quick: bool = False) -> Lab:
    with ExitStack() as stack:
        return Lab(Servers(stack, None, None), folder, repeat, quick)


def test_long_cases_are_chosen_by_name_or_with_all_others() -> None:
    long = {case.name for case in CASES if case.minutes}
    assert long == {"history_reads", "processors_scaling", "history_memory"}
    assert {case.name for case in CASES} - {case.name for case in chosen_cases([])} == long
    assert chosen_cases([], everything=True) == CASES
    assert [case.name for case in chosen_cases(["history_memory"])] == ["history_memory"]


def test_each_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_names_choose_in_the_order_of_the_catalogue() -> None:
    assert [case.name for case in chosen_cases(["cold_start", "cacher"])] == ["cacher", "cold_start"]


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(StopProgram, match=r"no case 'cachier'; there are .*cacher"):
        chosen_cases(["cacher", "cachier"])


def test_runs_and_baseline_runs_take_turns_at_being_first(tmp_path: Path) -> None:
    order: list[str] = []

    def measured(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = lab(tmp_path, repeat=3).interleave(lambda: measured("ours"), lambda: measured("bare"))
    assert order == ["ours", "bare", "bare", "ours", "ours", "bare"]
    assert found == ([1, 4, 5], [2, 3, 6])


def test_a_quick_look_does_a_part_of_the_work_and_at_least_something(tmp_path: Path) -> None:
    quick = lab(tmp_path, quick=True)
    assert (quick.amount(10_000), quick.amount(3)) == (500, 1)
    assert lab(tmp_path).amount(10_000) == 10_000


def test_made_up_input_is_the_same_each_time_and_no_two_pieces_are() -> None:
    some = list(signals(30, NOW))
    assert some == list(signals(30, NOW))
    assert {each.pair for each in some} == set(PAIRS)
    assert max(each.published for each in some) < NOW
    articles = [article(number, NOW) for number in range(30)]
    assert articles == [article(number, NOW) for number in range(30)]
    assert len({each.title for each in articles}) == 30


def test_the_plot_has_a_curve_for_each_kind_and_loads_nothing_from_elsewhere() -> None:
    page = latency_page([Latencies("ours", (1.0, 2.0, 3.0)), Latencies("bare", (0.5,))])
    assert "ours (3 messages)" in page
    assert "bare (1 messages)" in page
    assert "<script src=" not in page


@pytest.mark.parametrize("url", ["http://localhost", "amqp://", "localhost:5672"])
def test_what_is_no_amqp_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StopProgram, match="--rabbitmq must look like"):
        rabbitmq_at(url)


def test_only_database_0_of_a_named_redis_is_used() -> None:
    assert redis_at("redis://:secret@cache:7000/0").password == "secret"
    with pytest.raises(StopProgram, match="database 0"):
        redis_at("redis://cache/3")
