"""Who agrees with whom in a story: for each pair its signals, and what corroborates or contradicts them. Pure.

The first telling that is scored for a pair makes a signal. A later one that agrees with a signal corroborates it: the
scores have one sign, no word of denial, correction or falsity stands between the texts, and it neither says much less
of the pair nor is worth more than the signal. Where the scorer could not tell, the words alone decide, unless the story
is disputed. One that agrees with none is a signal of its own, with which later ones
may agree in turn. Where it contradicts a signal, the corroboration of that signal so far is withdrawn.

What a telling stands for is decided once, when it has been scored, and kept with it. Corroborations and revisions are
counted from that, so a change of the rules or of the words never changes what was published.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from services.common.messages import SentimentSignal, decode
from services.common.values import Scope
from services.sentiment_analyzer.stories.denials import claim_of, contradicts_by_words
from services.sentiment_analyzer.stories.port import Row
from services.sentiment_analyzer.stories.worth import is_outdated, may_stand_for

DOUBT_LEFT = 0.9
"""What every further source leaves of the doubt in a score."""
FAINT = 0.05
"""A score nearer to 0 than this has no sign: it agrees with none that has one, and contradicts none."""
NO_OPINION = 0.1
"""A score without a sign and with no more confidence than this is that of a scorer that could not tell."""
MAX_RATIONALE_CHARS = 2_000
NO_STANDS = "{}"
"""What is kept of a telling that stands for nothing: it was not scored, or is suspected."""


class Stand(NamedTuple):
    """What one telling is to the signals of one pair.

    Attributes:
        score: -1..+1.
        scope: of the telling's own signal.
        is_own: the telling's own signal is published.
        joins: the articles whose signals it corroborates: at most one for each scope.
        against: the articles whose signals it contradicts, unless its owner had contradicted them before.
        revised: revisions that an older release published of its own signal for tellings that are not among these.
    """

    score: float
    scope: str
    is_own: bool
    joins: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    revised: int = 0


Stands = Mapping[str, Stand]
"""By pair."""


class Support(NamedTuple):
    """How a signal stands by now.

    Attributes:
        sources: further owners that corroborate it.
        revision: how often that has changed.
        contradicted_by: the source that withdrew its corroboration last; empty if none did.
    """

    sources: int = 0
    revision: int = 0
    contradicted_by: str = ""


def encode_stands(stands: Stands) -> str:
    """As it is kept."""
    return json.dumps(stands)


@lru_cache(maxsize=4096)  # all tellings of a story are read whenever it is told again
def decode_stands(kept: str) -> Stands:
    """From what is kept."""
    return {
        pair: Stand(score, scope, is_own, tuple(joins), tuple(against), *revised)
        for pair, (score, scope, is_own, joins, against, *revised) in json.loads(kept).items()
    }


def decode_signals(kept: str) -> list[SentimentSignal]:
    """From what is kept."""
    return [decode(each.encode(), SentimentSignal) for each in json.loads(kept)]


def in_turn(rows: Iterable[Row]) -> list[Row]:
    """The tellings that have been scored, in the order in which they were."""
    return sorted((row for row in rows if row.turn), key=lambda row: row.turn)


def has_spoken(owner: str, rows: Iterable[Row]) -> bool:
    """Whether a telling of that owner has been scored, other than one that is suspected."""
    return any(row.owner == owner and row.stands != NO_STANDS for row in rows)


def take_stand(row: Row, signals: Sequence[SentimentSignal], rows: Sequence[Row]) -> dict[str, Stand]:
    """What a telling stands for.

    Args:
        row: the telling.
        signals: what came of it, one for each pair.
        rows: the tellings that were scored before, in turn.
    """
    is_again = has_spoken(row.owner, rows)
    stands = {
        signal.pair: stand
        for signal in signals
        if (stand := _stand(row, signal, rows, is_again=is_again)).against
        or stand.joins
        or not (has_no_opinion(signal) and _has_signal(signal.pair, rows))
    }
    if is_again or any(stand.against for stand in stands.values()):
        return stands
    if not any(stand.joins for stand in stands.values()):
        return stands
    # Told again as a story of the market: no news for the pairs for which nobody told it before, unless it warns; else
    # whoever tells it first of another asset would hide the warning.
    return {
        pair: stand
        for pair, stand in stands.items()
        if stand.joins or stand.scope == Scope.ASSET or not stand.is_own or stand.score < 0
    }


def has_no_opinion(signal: SentimentSignal) -> bool:
    """Whether the scorer could not tell."""
    # Published it would take the place of the story's signal, which others are sure of, as the newest.
    return sign(signal.sentiment_score) == 0 and signal.confidence <= NO_OPINION


def _has_signal(pair: str, rows: Iterable[Row]) -> bool:
    return any(_stand_of(row, pair).is_own for row in rows)


def _stand(row: Row, signal: SentimentSignal, rows: Sequence[Row], *, is_again: bool) -> Stand:
    pair, score, scope = signal.pair, signal.sentiment_score, signal.scope
    joins: dict[str, str] = {}
    outdated: dict[str, str] = {}  # what it would join if a revision of it were not old news
    against: list[str] = []
    like: list[Row] = []
    higher: list[Row] = []  # of those that it contradicts
    before = [(each, _stand_of(each, pair)) for each in rows]
    said = [(each, stand) for each, stand in before if each.owner == row.owner and stand is not _NONE]
    may_join = not is_again and (not has_no_opinion(signal) or _is_undisputed(stand for _, stand in before))
    for other, stand in before:
        if not stand.is_own:
            continue
        if _contradict(row, score, other, stand.score):
            if score < stand.score:
                higher.append(other)
            # Who says again what he said is heard once, or one source could keep a story without corroboration.
            is_heard = any(_contradict(each, its.score, other, stand.score) for each, its in said)
            # A source that changes its mind contradicts others as far as they corroborated it.
            is_others = other.owner != row.owner or support_of(other.article_id, pair, rows).sources > 0
            if is_others and not is_heard:
                against.append(other.article_id)
        elif may_join and other.owner != row.owner and _agrees(row, signal, other, stand):
            if _is_old_news(other, signal):
                outdated.setdefault(stand.scope, other.article_id)
                continue
            joins.setdefault(stand.scope, other.article_id)
            # One about the market displaces none about an asset.
            if scope in {stand.scope, Scope.MARKET}:
                like.append(other)
    is_own = is_again or not joins or (scope == Scope.ASSET and Scope.ASSET not in joins)
    # A revision of an older one would leave what it contradicts the newest, which trades go by.
    is_own = is_own or _newest(higher) > _newest(like)
    is_own = is_own and not (joins and has_no_opinion(signal))
    witness_of = tuple((joins or outdated).values())
    # What agrees with a signal corroborates it and says no more: it withdraws nothing from others.
    return Stand(score, scope.value, is_own, witness_of, () if joins else tuple(against))


def _newest(rows: Iterable[Row]) -> tuple[float, int]:
    """What orders rows by date, and by turn where they have one date; of none the least."""
    return max(((row.published.timestamp(), row.turn) for row in rows), default=(-math.inf, 0))


def _is_undisputed(stands: Iterable[Stand]) -> bool:
    """Whether all who told the story so far say the same of a pair."""
    told = list(stands)
    signs = {sign(stand.score) for stand in told if stand.is_own}
    return len(signs) == 1 and not any(stand.against for stand in told)


def _agrees(row: Row, signal: SentimentSignal, other: Row, stand: Stand) -> bool:
    """Whether a telling that does not contradict another one is a witness for it.

    Where the scorer could not tell there is no sign to compare, and the words alone decide.
    """
    if claim_of(row.title, row.lead).is_open and not claim_of(other.title, other.lead).is_open:
        return False
    if has_no_opinion(signal):
        return True
    same_sign = sign(signal.sentiment_score) == sign(stand.score)
    return same_sign and all(may_stand_for(each, signal) for each in _signals_of(other, signal.pair))


def _is_old_news(other: Row, signal: SentimentSignal) -> bool:
    """Whether a revision of the other signal cannot stand for this one, which says something, because of its date."""
    known = _signals_of(other, signal.pair)
    return not has_no_opinion(signal) and any(is_outdated(each, signal) for each in known)


def _signals_of(row: Row, pair: str) -> list[SentimentSignal]:
    return [each for each in decode_signals(row.signals) if each.pair == pair]


_NONE = Stand(0.0, "", is_own=False)


def _stand_of(row: Row, pair: str) -> Stand:
    return decode_stands(row.stands).get(pair, _NONE)


def sign(score: float) -> int:
    """1, -1, or 0 for a score that says nothing either way."""
    return 0 if abs(score) < FAINT else 1 if score > 0 else -1


def _contradict(one: Row, score: float, other: Row, other_score: float) -> bool:
    return sign(score) * sign(other_score) < 0 or contradicts_by_words(
        claim_of(one.title, one.lead), claim_of(other.title, other.lead)
    )


def support_of(article_id: str, pair: str, rows: Sequence[Row]) -> Support:
    """How the signal of an article for a pair stands after the tellings `rows`, which are in turn."""
    return revisions_of(article_id, pair, rows)[-1][1]


def revisions_of(article_id: str, pair: str, rows: Sequence[Row]) -> list[tuple[str, Support]]:
    """Each revision of the signal of an article for a pair: the telling that made it, and how the signal stood then.

    The first is how it stood by itself, made by none.
    Each gain of a further owner and each withdrawal is one revision, and so is the first contradiction of a hope.
    Tellings are only ever added behind, so a revision once made stays what it was.
    """
    own = {row.owner: _stand_of(row, pair) for row in rows if row.article_id == article_id}
    hopes = any(stand.score > 0 for stand in own.values())
    owners: set[str] = set()
    revision, by = sum(stand.revised for stand in own.values()), ""
    made = [("", Support(0, revision, by))]
    for row in rows:
        stand = _stand_of(row, pair)
        if article_id in stand.against and (owners or (hopes and not by)):
            owners.clear()
            by = row.source
        elif article_id in stand.joins and row.owner not in owners | own.keys():
            owners.add(row.owner)
        else:
            continue
        revision += 1
        made.append((row.article_id, Support(len(owners), revision, by)))
    return made


def corroborate(signal: SentimentSignal, support: Support, now: datetime) -> SentimentSignal:
    """The revision of a signal that says how it stands.

    Each further source leaves `DOUBT_LEFT` of the doubt: confidence = 1 - (1 - c) * DOUBT_LEFT ** sources. A hope that
    is contradicted, and that nobody has told since, is degraded: it is no reason to buy.
    """
    if not support.revision:
        return signal
    is_doubted = bool(support.contradicted_by) and not support.sources and signal.sentiment_score > 0
    by = f"[contradicted by {support.contradicted_by}] " if support.contradicted_by else ""
    return signal.model_copy(
        update={
            "revision": support.revision,
            "corroboration": support.sources,
            "confidence": 1.0 - (1.0 - signal.confidence) * DOUBT_LEFT**support.sources,
            "degraded": signal.degraded or is_doubted,
            "rationale": (by + signal.rationale)[:MAX_RATIONALE_CHARS],
            "analyzed_at": max(now, signal.analyzed_at),
        }
    )
