"""A scorer that keeps receipts. A question that was asked before is answered from its receipt."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from services.common.clock import Clock
from services.common.errors import CannotSay
from services.common.runtime.health import DependencyHealth
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import Abstained, Scorer, Scores, Unusable
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt, ReceiptKey, Receipts, content_hash


class ReceiptScorer:
    """Asks another scorer only if a question has no receipt yet. Thread-safe if that scorer is.

    Scores and abstentions are kept. Failures, answers that cannot be used and scores of a fallback are not kept.

    Args:
        scorer: the scorer that is asked if there is no receipt.
        receipts: the store of the receipts, which stays open when this scorer is closed.
        prompt_version: the version of the prompt that the scorer uses.
        clock: gives the dates of the receipts.
    """

    def __init__(self, scorer: Scorer, receipts: Receipts, *, prompt_version: int, clock: Clock) -> None:
        self._scorer = scorer
        self._receipts = receipts
        self._prompt = prompt_version
        self._clock = clock
        self._lock = threading.Lock()
        self.name = scorer.name
        self.model = scorer.model
        self.articles_at_once = scorer.articles_at_once
        self.patience = scorer.patience
        self.answered_from_receipts = 0
        self.asked = 0

    def check(self) -> None:
        """See `port.Scorer`. Also checks that receipts can be written."""
        self._receipts.check()
        self._scorer.check()

    def health(self) -> DependencyHealth:
        """See `port.Scorer`."""
        return self._scorer.health()

    def digest(self) -> str:
        """See `port.Scorer`."""
        return self._scorer.digest()

    def close(self) -> None:
        """See `port.Scorer`."""
        self._scorer.close()

    def key(self, text: ArticleText, assets: Sequence[Asset]) -> ReceiptKey:
        """Return the key of the receipt of this question, with the present digest of the scorer."""
        return ReceiptKey(content_hash(text, assets), self.model, self._scorer.digest(), self._prompt)

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Return the scores in the receipt, or the scores of the scorer if there is no receipt.

        Raises:
            TryLater, CannotSay, NeverWorks: as the scorer raises them. CannotSay may also come from a receipt.
        """
        receipt = self._receipts.get(self.key(text, assets))
        if receipt is not None:
            if text.article_id:
                self._receipts.link(text.article_id, receipt.key)
            with self._lock:
                self.answered_from_receipts += 1
            if receipt.abstained:
                raise CannotSay(receipt.abstained)
            return Scores(self.model, receipt.scores)
        with self._lock:
            self.asked += 1
        return self._ask(text, assets)

    def _ask(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        try:
            scores = self._scorer.score(text, assets)
        except Unusable:
            raise
        except CannotSay as error:
            usage = error.usage if isinstance(error, Abstained) else ()
            key = self.key(text, assets)  # a server may have said only now which weights it has
            receipt = Receipt(key, self._clock.now(), {}, str(error) or "it cannot say", usage)
            self._receipts.put(receipt, text.article_id)
            raise
        if not scores.degraded:
            key = self.key(text, assets)
            receipt = Receipt(key, self._clock.now(), dict(scores.by_ticker), "", scores.usage)
            self._receipts.put(receipt, text.article_id)
        return scores
