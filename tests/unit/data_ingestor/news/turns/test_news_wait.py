from __future__ import annotations

import pytest

from services.data_ingestor.news.turns.queue_wait import Published, head_age


@pytest.mark.parametrize(
    ("published", "length", "seconds"),
    [
        ([], 0, 0.0),
        ([], 7, 0.0),
        ([(10.0, 5)], 0, 0.0),
        ([(10.0, 5)], 5, 90.0),
        ([(10.0, 5), (60.0, 5)], 5, 40.0),
        ([(10.0, 5), (60.0, 5)], 6, 90.0),
        ([(10.0, 5), (60.0, 5)], 100, 90.0),
    ],
)
def test_the_first_in_the_queue_came_with_the_batch_that_fills_it_up(
    published: list[tuple[float, int]], length: int, seconds: float
) -> None:
    assert head_age(published, length, 100.0) == seconds


def test_nothing_published_is_no_batch() -> None:
    published = Published()
    published.note(0, 1.0)
    published.note(2, 50.0)
    assert published.head_age(2, 60.0) == 10.0
