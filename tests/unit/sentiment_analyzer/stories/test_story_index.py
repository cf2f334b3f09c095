"""The index of stories against the plainest way to count shared words."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.sentiment_analyzer.stories.index import _at_least_three, _most, _places, _sums

MEMBERS = st.frozensets(st.integers(0, 40), max_size=20)


def as_bits(members: frozenset[int]) -> int:
    return sum(1 << member for member in members)


@given(st.lists(MEMBERS, max_size=12))
def test_members_of_three_sets_or_more_are_found(sets: list[frozenset[int]]) -> None:
    counts = Counter(member for members in sets for member in members)

    found = _places(_at_least_three(_sums(map(as_bits, sets))))

    assert found == sorted(member for member, count in counts.items() if count >= 3)


@given(st.lists(MEMBERS, max_size=12), st.integers(1, 10))
def test_the_most_common_come_first_and_a_tie_is_told(sets: list[frozenset[int]], limit: int) -> None:
    counts = Counter(member for members in sets for member in members)
    planes = _sums(map(as_bits, sets))
    enough = [member for member, count in counts.items() if count >= 3]
    if len(enough) <= limit:
        return

    most, tied = _most(planes, as_bits(frozenset(enough)), limit)

    ordered = sorted(enough, key=lambda member: -counts[member])
    last = counts[ordered[limit - 1]]
    assert _places(most) == sorted(member for member in enough if counts[member] > last)
    assert _places(tied) == sorted(member for member in enough if counts[member] == last)
