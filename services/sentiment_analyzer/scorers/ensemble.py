"""Combines several scorers by a weighted mean. The more the scorers disagree, the lower the confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.common.errors import CannotSay, NeverWorks
from services.common.runtime.health import DependencyHealth
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import (
    Abstained,
    AssetScore,
    RefusesAll,
    Scorer,
    Scores,
    Unusable,
    Usage,
)

NO_CONFIDENCE = 1e-9
"""If the sum of weight times confidence is less than this share of the total weight, these products are too small to
be used as weights."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The score of one member for one asset. `weight` is the weight of the member, which is above 0."""

    weight: float
    score: AssetScore


class EnsembleScorer:
    """A scorer that asks all its members. Threads may share the ensemble if they may share the members.

    Args:
        members: one or more scorers and their weights.
    """

    name = "ensemble"

    def __init__(self, members: Sequence[tuple[Scorer, float]]) -> None:
        self._members = tuple(members)
        self._left_out: dict[int, str] = {}
        self._total = sum(weight for _, weight in self._members)
        named = "+".join(f"{scorer.model}*{weight:g}" for scorer, weight in self._members)
        self.model = f"ensemble({named})"[:200]
        self.articles_at_once = min(scorer.articles_at_once for scorer, _ in self._members)
        self.patience = sum(scorer.patience for scorer, _ in self._members)

    def check(self) -> None:
        """See `port.Scorer`. Checks all members, and leaves out those whose servers refuse every request.

        Raises:
            RefusesAll: the servers of all members refuse every request.
        """
        refusals = []
        for number, (scorer, _) in enumerate(self._members):
            try:
                scorer.check()
            except RefusesAll as error:
                self._left_out[number] = str(error)
                refusals.append(error)
            else:
                self._left_out.pop(number, None)
        if len(refusals) == len(self._members):
            after = max((error.after or 0.0 for error in refusals), default=0.0)
            raise RefusesAll("; ".join(map(str, refusals)), after=after or None)

    def health(self) -> DependencyHealth:
        """Report ok if every member is ok.

        While members are left out, `required` is false, because the other members still score.
        """
        parts = []
        for number, (scorer, _) in enumerate(self._members):
            why, part = self._left_out.get(number), scorer.health()
            parts.append((scorer.name, part if why is None else DependencyHealth(False, why, required=False)))
        return DependencyHealth(
            ok=all(part.ok for _, part in parts),
            detail="; ".join(f"{name}: {part.detail}" for name, part in parts),
            required=all(part.ok or part.required for _, part in parts),
        )

    def digest(self) -> str:
        """Return the digests of all members, joined by plus signs."""
        return "+".join(scorer.digest() for scorer, _ in self._members)

    def close(self) -> None:
        """See `port.Scorer`."""
        for scorer, _ in self._members:
            scorer.close()

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Ask every member, and combine their scores of each asset.

        A member that abstains or refuses is left out. If a member refused, or gave an answer that cannot be used, the
        scores are degraded.

        Raises:
            TryLater: as a member raises it.
            NeverWorks, Unusable: no member gives a score, and one member refused or gave an answer that cannot be
                used.
            Abstained: all members abstain on all assets.
        """
        opinions: dict[str, list[Opinion]] = {}
        usage: list[Usage] = []
        reasons: list[str] = []
        degraded = False
        failure: NeverWorks | Unusable | None = None
        for number, (scorer, weight) in enumerate(self._members):
            try:
                scores = scorer.score(text, assets)
            except (CannotSay, NeverWorks) as error:
                reasons.append(f"{scorer.name}: {error}")
                usage += error.usage if isinstance(error, Abstained) else ()
                if isinstance(error, (NeverWorks, Unusable)):
                    failure = error
                    self._left_out[number] = str(error)
                continue
            self._left_out.pop(number, None)
            usage += scores.usage
            degraded = degraded or scores.degraded
            for ticker, score in scores.by_ticker.items():
                opinions.setdefault(ticker, []).append(Opinion(weight, score))
        if not opinions:
            said = "; ".join(reasons)
            if isinstance(failure, NeverWorks):
                raise NeverWorks(said)
            raise (Abstained if failure is None else Unusable)(said, tuple(usage))
        combined = {ticker: combine(given, self._total) for ticker, given in opinions.items()}
        return Scores(self.model, combined, degraded or failure is not None, tuple(usage))


def combine(opinions: Sequence[Opinion], total_weight: float) -> AssetScore:
    """Combine one or more scores into one score.

    The score is the mean of the scores, weighted by the members' weights times their confidences. The confidence is
    the mean of the confidences, weighted by the members' weights, multiplied by 1 - d. A member that is part of
    `total_weight` but gave no score counts as a member without any confidence. d (0..1) is the mean distance of the
    scores from the combined score, with the same weights as in the score. So if members contradict each other
    completely, the confidence is 0. The reason and the event are those of the member with the largest weight in the
    score.
    """
    weights = [opinion.weight * opinion.score.confidence for opinion in opinions]
    if sum(weights) < NO_CONFIDENCE * total_weight:  # all say that they guess
        weights = [opinion.weight for opinion in opinions]
    scores = [opinion.score.score for opinion in opinions]
    mean = sum(w * opinion.score.score for w, opinion in zip(weights, opinions, strict=True)) / sum(weights)
    distance = sum(w * abs(each.score.score - mean) for w, each in zip(weights, opinions, strict=True))
    confidence = sum(opinion.weight * opinion.score.confidence for opinion in opinions) / total_weight
    weightiest = max(zip(weights, opinions, strict=True), key=lambda pair: pair[0])[1].score
    return AssetScore(
        score=max(min(scores), min(max(scores), mean)),  # rounding must not carry it beyond them
        confidence=max(0.0, min(1.0, confidence * (1.0 - distance / sum(weights)))),
        rationale=weightiest.rationale,
        event_type=weightiest.event_type,
    )
