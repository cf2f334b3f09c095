"""Decides which signals of a story an article agrees with, and which it contradicts. Pure.

The first article that is scored for a pair makes a signal. A later article agrees with that signal, and corroborates
it, if three conditions hold: both scores have the same sign, no word of denial, correction or falsity separates the
texts, and the later article neither says much more about the pair nor is worth more (see `worth`). If the scorer had
no opinion, only the words decide, unless the story is disputed. An article that agrees with no signal makes a signal
of its own, with which later articles may agree. If it contradicts a signal, the corroboration of that signal so far
is withdrawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from services.common.messages import SentimentSignal
from services.common.values import Scope
from services.sentiment_analyzer.stories.corroboration import support_of
from services.sentiment_analyzer.stories.denials import claim_of, contradicts_by_words
from services.sentiment_analyzer.stories.rows import Row
from services.sentiment_analyzer.stories.stances import (
    NONE,
    Stance,
    decode_signals,
    stance_of,
    was_scored_before,
)
from services.sentiment_analyzer.stories.worth import is_outdated, may_stand_for, tells_of_new_cost

FAINT = 0.05
"""A score closer to 0 than this counts as having no sign. It neither agrees with nor contradicts a score with a
sign."""
NO_OPINION = 0.1
"""A score without a sign and with at most this confidence means that the scorer had no opinion."""


def stances_of(row: Row, signals: Sequence[SentimentSignal], rows: Sequence[Row]) -> dict[str, Stance]:
    """Return the stance of an article on each pair on which it has a stance.

    Args:
        row: the article.
        signals: the signals of the article, one for each pair.
        rows: the articles of the story that were scored before, in scoring order.
    """
    is_again = was_scored_before(row.owner, rows)
    stances = {
        signal.pair: stance
        for signal in signals
        if (stance := _stance(row, signal, rows, is_again=is_again)).against
        or stance.joins
        or not (has_no_opinion(signal) and _has_signal(signal, rows))
    }
    if is_again or any(stance.against for stance in stances.values()):
        return stances
    if not any(stance.joins for stance in stances.values()):
        return stances
    # The article repeats the story. Its signals about the market are no news for pairs that have no signal yet, unless
    # they are negative: a first article about another asset must not hide a warning.
    return {
        pair: stance
        for pair, stance in stances.items()
        if stance.joins or stance.scope == Scope.ASSET or not stance.is_own or stance.score < 0
    }


def has_no_opinion(signal: SentimentSignal) -> bool:
    """Whether a signal shows that the scorer had no opinion."""
    # Published, it would replace the story's signal as the newest one, although others are sure of that signal.
    return sign(signal.sentiment_score) == 0 and signal.confidence <= NO_OPINION


def _has_signal(signal: SentimentSignal, rows: Iterable[Row]) -> bool:
    """Whether the story has a signal for the pair that may stand for this one, in which the scorer has no opinion."""
    return any(stance_of(row, signal.pair).is_own and _names_its_cost(row, signal) for row in rows)


def _names_its_cost(row: Row, signal: SentimentSignal) -> bool:
    return not any(tells_of_new_cost(each, signal) for each in _signals_of(row, signal.pair))


def _stance(row: Row, signal: SentimentSignal, rows: Sequence[Row], *, is_again: bool) -> Stance:
    pair, score, scope = signal.pair, signal.sentiment_score, signal.scope
    joins: dict[str, str] = {}
    outdated: dict[str, str] = {}  # like `joins`, but a revision of these signals would be dated too early
    against: list[str] = []
    agreeing: list[Row] = []
    higher: list[Row] = []  # contradicted ones with a higher score
    before = [(each, stance_of(each, pair)) for each in rows]
    own_before = [(each, stance) for each, stance in before if each.owner == row.owner and stance is not NONE]
    may_join = not is_again and (not has_no_opinion(signal) or _is_undisputed(stance for _, stance in before))
    for other, stance in before:
        if not stance.is_own:
            continue
        if _contradict(row, score, other, stance.score):
            if score < stance.score:
                higher.append(other)
            # An owner contradicts a signal once, or one source could deny a story all corroboration.
            is_repeated = any(_contradict(each, its.score, other, stance.score) for each, its in own_before)
            # An owner that contradicts its own signal contradicts the others that corroborated it.
            is_corroborated = other.owner != row.owner or support_of(other.article_id, pair, rows).sources > 0
            if is_corroborated and not is_repeated:
                against.append(other.article_id)
        elif may_join and other.owner != row.owner and _agrees(row, signal, other, stance):
            if _is_old_news(other, signal):
                outdated.setdefault(stance.scope, other.article_id)
                continue
            joins.setdefault(stance.scope, other.article_id)
            # A signal about the market does not replace one about an asset.
            if scope in {stance.scope, Scope.MARKET}:
                agreeing.append(other)
    is_own = is_again or not joins or (scope == Scope.ASSET and Scope.ASSET not in joins)
    # Trades follow the newest signal. A revision of an older one would leave the contradicted signal the newest.
    is_own = is_own or _newest(higher) > _newest(agreeing)
    is_own = is_own and not (joins and has_no_opinion(signal))
    corroborated = tuple((joins or outdated).values())
    # An article that corroborates a signal withdraws nothing from other signals.
    return Stance(score, scope.value, is_own, corroborated, () if joins else tuple(against))


def _newest(rows: Iterable[Row]) -> tuple[float, int]:
    """Return the date and scoring order of the newest article; the lowest possible values if there is no article."""
    return max(((row.published.timestamp(), row.turn) for row in rows), default=(-math.inf, 0))


def _is_undisputed(stances: Iterable[Stance]) -> bool:
    """Whether all signals of a story for a pair have one sign, and no article contradicts any of them."""
    known = list(stances)
    signs = {sign(stance.score) for stance in known if stance.is_own}
    return len(signs) == 1 and not any(stance.against for stance in known)


def _agrees(row: Row, signal: SentimentSignal, other: Row, stance: Stance) -> bool:
    """Whether an article that does not contradict another one corroborates its signal.

    If the scorer had no opinion, there is no sign to compare, and the words alone decide.
    """
    if claim_of(row.title, row.lead).is_open and not claim_of(other.title, other.lead).is_open:
        return False
    if has_no_opinion(signal):
        return _names_its_cost(other, signal)
    same_sign = sign(signal.sentiment_score) == sign(stance.score)
    return same_sign and all(may_stand_for(each, signal) for each in _signals_of(other, signal.pair))


def _is_old_news(other: Row, signal: SentimentSignal) -> bool:
    """Whether this signal has an opinion, and a revision of the other one would be too old to replace this one."""
    known = _signals_of(other, signal.pair)
    return not has_no_opinion(signal) and any(is_outdated(each, signal) for each in known)


def _signals_of(row: Row, pair: str) -> list[SentimentSignal]:
    return [each for each in decode_signals(row.signals) if each.pair == pair]


def sign(score: float) -> int:
    """Return 1 or -1 as the sign of a score; 0 if the score is too faint to have a sign."""
    return 0 if abs(score) < FAINT else 1 if score > 0 else -1


def _contradict(one: Row, score: float, other: Row, other_score: float) -> bool:
    return sign(score) * sign(other_score) < 0 or contradicts_by_words(
        claim_of(one.title, one.lead), claim_of(other.title, other.lead)
    )
