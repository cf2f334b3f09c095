"""Rules for words that change one another: relief, negation, burdens, background and turns.

If only single words counted, "drops its lawsuit", "no funds were lost" and "losses narrow" would be bad news. The
rules here read such words together with the words around them. They work on the tokens of `data`, in which each
punctuation mark is a token. `reversals` handles the words that end a move of prices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from services.sentiment_analyzer.scorers.lexicon.data import Lexicon
from services.sentiment_analyzer.scorers.lexicon.reversals import reverse

_METRIC = (
    r"(?P<metric>loss(?:es)?|profits?|sales|revenues?|earnings|income|turnover|ebitd?a?|orders|volumes?)"
)
_AMOUNT = r"(?P<{0}>\d[\d,]*(?:\.\d+)?) ?(?P<{0}_unit>k|thousand|mn?|mln|million|bn?|billion|t|trillion)?\b"
_FIGURES = re.compile(
    rf"\b{_METRIC}\b[^.;]{{0,80}}?{_AMOUNT.format('now')}[^;\d]{{0,30}}?"
    rf"\b(?:from|compared (?:to|with)|against|versus|vs)\b(?P<before>[^.;\d]{{0,40}}?){_AMOUNT.format('then')}"
)
_TIMES = {"k": 1e3, "t": 1e12} | dict.fromkeys(["thousand"], 1e3)
_TIMES |= dict.fromkeys(["m", "mn", "mln", "million"], 1e6) | dict.fromkeys(["b", "bn", "billion"], 1e9)
_TIMES |= dict.fromkeys(["trillion"], 1e12)
COMPARED = 2.2
"""The valence of a figure that is better than an earlier one in the same sentence."""

RELIEF = 0.7
"""If something bad ends, its valence is multiplied by minus this factor."""
NEGATED = -0.65
"""The factor on a valence that is negated. VADER's constant is -0.74 (Hutto and Gilbert, 2014)."""
BACKGROUND = 0.2
"""The weight of words about the background of the news, such as "after the hack" or "despite outflows"."""
BEFORE_TURN, AFTER_TURN = 0.4, 1.2
"""The weights of the words before and after "but". VADER's weights are 0.5 and 1.5."""
DAMPED = 0.6
SETTLED = 0.2
"""The factor on the valence of something bad if the words near its name say that this is over."""
ELSEWHERE = 0.6
"""The weight of the terms of adoption in a text that is not about crypto."""
NEGATION_REACH = 3
RELIEF_REACH = 4
BURDEN_REACH = 3
SETTLING_REACH = 5
STOPS = frozenset([",", ".", ";", ":"])


@dataclass(frozen=True, slots=True)
class Sense:
    """A token, and its valence at its position in the text."""

    token: str
    valence: float


def read(tokens: Sequence[str], lexicon: Lexicon, valences: Mapping[str, float]) -> list[Sense]:
    """Return the tokens of a text that say something good or bad, in order, each with the valence that it has there."""
    found = list(map(valences.get, tokens, repeat(0.0)))
    if not any(found) and lexicon.reversals.moves.keys().isdisjoint(tokens):
        return []
    adoption, changing = lexicon.adoption, lexicon.changing
    if lexicon.world.isdisjoint(tokens):
        found = [
            valence * ELSEWHERE if token in adoption else valence
            for token, valence in zip(tokens, found, strict=True)
        ]
    places = [place for place, token in enumerate(tokens) if token in changing or token.endswith("n't")]
    if places:
        _turn_burdens(tokens, places, lexicon, found)
        settled = reverse(tokens, places, lexicon.reversals, lexicon.negators, found)
        _relieve(tokens, places, lexicon, found, settled)
        _negate(tokens, places, lexicon, found, settled)
        found = _weighted(tokens, places, lexicon, found)
    return [Sense(token, valence) for token, valence in zip(tokens, found, strict=True) if valence]


def _turn_burdens(tokens: Sequence[str], places: Sequence[int], lexicon: Lexicon, found: list[float]) -> None:
    """Rate a smaller burden as good and a larger burden as bad, as in "losses narrow" and "costs rise"."""
    for index in places:
        token = tokens[index]
        direction = lexicon.directions.get(token)
        if not direction or token in lexicon.burdens:
            continue
        for near in _around(tokens, index, BURDEN_REACH, lexicon.links):
            if tokens[near] in lexicon.burdens:
                found[index] = -direction * abs(found[index])
                found[near] = 0.0
                break


def _relieve(
    tokens: Sequence[str], places: Sequence[int], lexicon: Lexicon, found: list[float], settled: set[int]
) -> None:
    """Reverse the valences of bad things that end or are averted or undone. Adds their positions to `settled`."""
    for index in [place for place in places if place not in settled]:
        token = tokens[index]
        if token in lexicon.settling:
            for near in _around(tokens, index, SETTLING_REACH):
                if found[near] < 0:
                    found[near] *= SETTLED
                    settled.add(near)
            continue
        hits = []
        if token in lexicon.relievers:
            hits = _bad(tokens, lexicon, found, _ahead(tokens, index, RELIEF_REACH, lexicon.links))
        if not hits and token in lexicon.relieved:
            hits = _bad(tokens, lexicon, found, _behind(tokens, index, RELIEF_REACH))
        for near in hits:
            if near not in settled:
                found[near] *= -RELIEF
                settled.add(near)
        if hits and found[index] < 0:
            found[index] = 0.0
            settled.add(index)


def _bad(tokens: Sequence[str], lexicon: Lexicon, found: list[float], places: Iterator[int]) -> list[int]:
    return [
        near
        for near in places
        if found[near] < 0 and (tokens[near] in lexicon.burdens or tokens[near] not in lexicon.directions)
    ]


def _negate(
    tokens: Sequence[str], places: Sequence[int], lexicon: Lexicon, found: list[float], settled: set[int]
) -> None:
    for index in places:
        token = tokens[index]
        if token in lexicon.deniers:
            left = 0.0
        elif token in lexicon.negators or token.endswith("n't"):
            left = NEGATED
        else:
            continue
        for near in _ahead(tokens, index, NEGATION_REACH, frozenset()):
            if found[near] and near not in settled:
                if token in lexicon.deniers and found[near] < 0:
                    found[index] = 0.0
                found[near] *= left
                settled.add(near)
                break


def _weighted(
    tokens: Sequence[str], places: Sequence[int], lexicon: Lexicon, found: list[float]
) -> list[float]:
    weights = [1.0] * len(tokens)
    for index in places:
        token = tokens[index]
        if token in lexicon.background:
            end = _clause_end(tokens, index)
            for place in range(index + 1, end):
                weights[place] = min(weights[place], BACKGROUND)
        elif token in lexicon.turns and 0 < index < len(tokens) - 1:
            for place in range(len(tokens)):
                weights[place] *= BEFORE_TURN if place < index else AFTER_TURN
        elif token in lexicon.dampers and index + 1 < len(tokens):
            weights[index + 1] *= DAMPED
            if index:
                weights[index - 1] *= DAMPED
    return [valence * weight for valence, weight in zip(found, weights, strict=True)]


def _clause_end(tokens: Sequence[str], index: int) -> int:
    """Return the end of the clause that begins at `index`, which is the next stop or the end of the text."""
    return next((place for place in range(index + 1, len(tokens)) if tokens[place] in STOPS), len(tokens))


def _ahead(tokens: Sequence[str], index: int, reach: int, barriers: frozenset[str]) -> Iterator[int]:
    for near in range(index + 1, min(len(tokens), index + 1 + reach)):
        if tokens[near] in STOPS or tokens[near] in barriers:
            return
        yield near


def _behind(
    tokens: Sequence[str], index: int, reach: int, barriers: frozenset[str] = frozenset()
) -> Iterator[int]:
    for near in range(index - 1, max(-1, index - 1 - reach), -1):
        if tokens[near] in STOPS or tokens[near] in barriers:
            return
        yield near


def _around(
    tokens: Sequence[str], index: int, reach: int, barriers: frozenset[str] = frozenset()
) -> Iterator[int]:
    yield from _behind(tokens, index, reach, barriers)
    yield from _ahead(tokens, index, reach, barriers)


def compare_figures(text: str) -> float:
    """Return the valence of a business figure that the text compares with an earlier one; 0 if there is none.

    "Revenue was $1.2 billion, compared with $900 million a year earlier" is good news although no word says so.
    """
    lower = text.lower()
    found = _FIGURES.search(lower)
    if not found:
        return 0.0
    is_loss, was_loss = found["metric"].startswith("loss"), "loss" in found["before"]
    if was_loss and not is_loss:
        return COMPARED
    if is_loss and "profit" in found["before"]:
        return -COMPARED
    now, then = (
        float(found[name].replace(",", "")) * _TIMES.get(found[f"{name}_unit"] or "", 1.0)
        for name in ("now", "then")
    )
    better = (now > then) - (now < then)
    return COMPARED * (-better if is_loss else better)
