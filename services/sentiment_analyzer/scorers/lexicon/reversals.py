"""Reverses moves that a verb ends, undoes or prevents, as in "halts its slide", "the rally fades" or "fails to fall".

If only single words counted, such a phrase would mean the opposite: the slide is over, but the word "slide" occurs.
The rules find the move that such a verb ends, undoes or prevents, and reverse the sign of the move. They work on the
tokens of `data`. The section [reversals] of `lexicon.toml` lists the words that end a move and the words that name a
move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

TURNED = 1.6
"""The valence of a move that is ended or undone. It is smaller than the valence of a move, because the price may just
stay unchanged."""

AHEAD_REACH = 7
BEHIND_REACH = 5
FAIL_REACH = 5
LESS_REACH = 5
DENIED_REACH = 3
SOURCE_REACH = 5
_STOPS = frozenset([",", ".", ";", ":", "!", "?"])
_FROM, _THAN = "from", "than"


class Reversals(NamedTuple):
    """The tokens that the rules use.

    Attributes:
        moves: the direction, up (+1) or down (-1), of tokens that name a move as a noun or as an activity that is
            stopped.
        verbs: the direction of tokens that report any move, including `moves`.
        enders: tokens that end or undo the move that follows.
        rebounders: tokens that end or undo the move that follows after "from".
        faders: tokens that say that the preceding move ends.
        failers: tokens that say that the move that follows does not happen.
        losers: tokens that end upward moves only.
        smaller: tokens that say that a move is smaller.
        expected: tokens after "than" that say what the move is smaller than.
        joints: tokens at which another clause begins.
        begin: all tokens that can begin a reversal.
        prepositions: tokens at which the search for a following move ends.
    """

    moves: Mapping[str, int] = {}
    verbs: Mapping[str, int] = {}
    enders: frozenset[str] = frozenset()
    rebounders: frozenset[str] = frozenset()
    faders: frozenset[str] = frozenset()
    failers: frozenset[str] = frozenset()
    losers: frozenset[str] = frozenset()
    smaller: frozenset[str] = frozenset()
    expected: frozenset[str] = frozenset()
    joints: frozenset[str] = frozenset()
    prepositions: frozenset[str] = frozenset()
    begin: frozenset[str] = frozenset()


class _Reversal(NamedTuple):
    """A move that a verb ends: the position and sign of the move, and where the phrase begins and ends."""

    target: int
    sign: float
    first: int
    last: int


def reverse(
    tokens: Sequence[str],
    places: Sequence[int],
    words: Reversals,
    negators: frozenset[str],
    found: list[float],
) -> set[int]:
    """Reverse the moves that the tokens at `places` end.

    Changes the valences in `found`, and returns the positions that later rules must not change.
    """
    settled: set[int] = set()
    places = [place for place in places if tokens[place] in words.begin]
    for rule in (_ended, _faded, _failed, _lessened):
        for index in places:
            reversal = None if index in settled else rule(tokens, index, words, found)
            if reversal is None or reversal.target in settled:
                continue
            denial = None if rule is _failed else _denial(tokens, index, words, negators)
            # What stands between belongs to the move: its length, its cause, how bad it was.
            for place in (*range(reversal.first, reversal.last + 1), *([] if denial is None else [denial])):
                found[place] = 0.0
                settled.add(place)
            found[reversal.target] = TURNED * (reversal.sign if denial is not None else -reversal.sign)
    return settled


def _denial(tokens: Sequence[str], index: int, words: Reversals, negators: frozenset[str]) -> int | None:
    """Return the position of a word that denies the end of a move, as in "fails to halt its slide"."""
    for place in _before(tokens, index, DENIED_REACH, words.joints):
        token = tokens[place]
        if token in negators or token in words.failers or token.endswith("n't"):
            return place
    return None


def _ended(tokens: Sequence[str], index: int, words: Reversals, found: Sequence[float]) -> _Reversal | None:
    token = tokens[index]
    back_from = token in words.rebounders and _is_from(tokens, index + 1)
    if not (back_from or token in words.enders or token in words.losers):
        return None
    ahead = list(_after(tokens, index + back_from, AHEAD_REACH, words.joints | words.prepositions))
    moves = [place for place in ahead if tokens[place] in words.moves]
    if back_from and not moves:  # "retreats from a record", "recovers from the hack"
        moves = [place for place in ahead if found[place]]
    if not moves:
        return None
    target = moves[0]
    sign = words.moves.get(tokens[target]) or (1 if found[target] > 0 else -1)
    if sign < 0 and token in words.losers and not back_from:
        return None
    # "erases losses from Monday's crash"
    source = _after(tokens, target, SOURCE_REACH, words.joints) if _is_from(tokens, target + 1) else ()
    return _Reversal(target, sign, index, max(source, default=target))


def _is_from(tokens: Sequence[str], place: int) -> bool:
    return tokens[place : place + 1] == [_FROM]


def _faded(tokens: Sequence[str], index: int, words: Reversals, _found: Sequence[float]) -> _Reversal | None:
    # "falls on fading demand": what fades is named behind it.
    if tokens[index] not in words.faders or (index and tokens[index - 1] in words.prepositions):
        return None
    for place in _before(tokens, index, BEHIND_REACH, words.joints):
        if sign := words.moves.get(tokens[place]):
            failed = _after(tokens, index, FAIL_REACH, words.joints) if tokens[index] in words.failers else ()
            return _Reversal(place, sign, place, max(failed, default=index))
    return None


def _failed(tokens: Sequence[str], index: int, words: Reversals, found: Sequence[float]) -> _Reversal | None:
    if tokens[index] not in words.failers:
        return None
    ahead = list(_after(tokens, index, FAIL_REACH, words.joints))
    for place in ahead:
        if sign := words.verbs.get(tokens[place]) or max(found[place], 0.0):
            return _Reversal(place, 1 if sign > 0 else -1, index, ahead[-1])
    return None


def _lessened(
    tokens: Sequence[str], index: int, words: Reversals, found: Sequence[float]
) -> _Reversal | None:
    if tokens[index] not in words.smaller:
        return None
    barriers = words.joints | words.prepositions
    if tokens[index + 1 : index + 2] != [_THAN]:
        reach = LESS_REACH if _THAN in tokens[index:] else 1
        for place in _after(tokens, index, reach, barriers):
            if sign := words.moves.get(tokens[place]):
                return _Reversal(place, sign, index, place)
        return None
    than = _after(tokens, index, LESS_REACH, words.joints)
    last = next((place for place in than if tokens[place] in words.expected), None)
    if last is None:
        return None
    before = list(_before(tokens, index, LESS_REACH, words.joints))
    for target in (*_after(tokens, last, 2, barriers), *before):
        if found[target] and (tokens[target] in words.verbs or target == index - 1):
            sign = 1 if found[target] > 0 else -1  # less of a burden is good
            alike = [place for place in before if found[place] * sign > 0]
            return _Reversal(target, sign, min(*alike, index, target), max(last, target))
    return None


def _after(tokens: Sequence[str], index: int, reach: int, barriers: frozenset[str]) -> Iterator[int]:
    for place in range(index + 1, min(len(tokens), index + 1 + reach)):
        if tokens[place] in _STOPS or tokens[place] in barriers:
            return
        yield place


def _before(tokens: Sequence[str], index: int, reach: int, barriers: frozenset[str]) -> Iterator[int]:
    for place in range(index - 1, max(-1, index - 1 - reach), -1):
        if tokens[place] in _STOPS or tokens[place] in barriers:
            return
        yield place
