"""Scores with a language model: asks for all assets of an article in one call and believes nothing unchecked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from services.common.health import DependencyHealth
from services.common.metrics import MODEL_ANSWERS_REFUSED, MODEL_TOKENS
from services.sentiment_analyzer.answer import BadAnswerError, read_answer
from services.sentiment_analyzer.assets import Asset
from services.sentiment_analyzer.chat import Messages, Reply
from services.sentiment_analyzer.prompt import SYSTEM_PROMPT, answer_schema, correction_prompt, user_prompt
from services.sentiment_analyzer.scorer import Abstained, AssetScore, Scores, Usage
from services.sentiment_analyzer.server_pool import ServerPool
from services.sentiment_analyzer.text import ArticleText

log = structlog.get_logger(__name__)

TOKENS_PER_ASSET = 128
"""Room for the answer on one asset; more assets than the bound of an answer has room for raise that bound."""
MAX_QUOTED_CHARS = 500
MAX_KEPT_CHARS = 4_000


class ModelScorer:
    """Asks one model, on whichever of its servers is well. Threads may share it.

    Args:
        name: the kind of scorer, a label of metrics.
        model: as it goes into the signals.
        max_tokens: bound of one answer.
    """

    articles_at_once = 1

    def __init__(self, name: str, model: str, servers: ServerPool, *, max_tokens: int) -> None:
        self.name = name
        self.model = model
        self._servers = servers
        self._max_tokens = max_tokens

    def check(self) -> None:
        """See `scorer.Scorer`: one server at least has the model and can use it; loads it there."""
        self._servers.check()

    def health(self) -> DependencyHealth:
        """See `scorer.Scorer`: how the servers were when last asked."""
        return self._servers.health()

    def digest(self) -> str:
        """Identifies the model's weights as far as the servers tell."""
        return self._servers.digest()

    def close(self) -> None:
        """See `scorer.Scorer`."""
        self._servers.close()

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Ask for the scores; once more, with the fault named, if the answer cannot be used.

        Raises:
            TryLater: no server can answer now.
            Abstained: the model cannot tell, or gave two answers that cannot be used.
            NeverWorks: a server refuses this very request.
        """
        talk = _Talk(
            [
                {"role": "system", "content": SYSTEM_PROMPT},
                {"role": "user", "content": user_prompt(text, assets)},
            ]
        )
        try:
            scores = self._ask(talk, assets)
        except BadAnswerError as error:
            talk.object_to(str(error))
            try:
                scores = self._ask(talk, assets)
            except BadAnswerError as second:
                reason = f"two answers could not be used, the second because {second}"
                raise Abstained(reason, (talk.usage(),)) from None
        if not scores:
            raise Abstained("the model cannot tell for any of the assets", (talk.usage(),))
        return Scores(self.model, scores, usage=(talk.usage(),))

    def _ask(self, talk: _Talk, assets: Sequence[Asset]) -> dict[str, AssetScore]:
        max_tokens = max(self._max_tokens, TOKENS_PER_ASSET * len(assets))
        reply, digest = self._servers.chat(talk.messages, schema=answer_schema(assets), max_tokens=max_tokens)
        talk.note(reply, digest)
        try:
            return _read(reply, assets)
        except BadAnswerError as error:
            MODEL_ANSWERS_REFUSED.labels(self.model).inc()
            log.info("answer_refused", model=self.model, reason=str(error))
            raise


def _read(reply: Reply, assets: Sequence[Asset]) -> dict[str, AssetScore]:
    if reply.is_cut:
        raise BadAnswerError("it is too long and was cut off; shorten the reasons")
    return read_answer(reply.text, assets)


@dataclass(slots=True)
class _Talk:
    """A conversation about one article, and what it took so far."""

    messages: Messages
    replies: list[Reply] = field(default_factory=list)
    digest: str = ""
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def note(self, reply: Reply, digest: str) -> None:
        self.replies.append(reply)
        self.digest = digest
        self.seconds = time.monotonic() - self.started
        MODEL_TOKENS.labels("prompt").inc(reply.prompt_tokens)
        MODEL_TOKENS.labels("answer").inc(reply.answer_tokens)

    def object_to(self, problem: str) -> None:
        self.messages = [
            *self.messages,
            {"role": "assistant", "content": self.replies[-1].text[:MAX_QUOTED_CHARS]},
            {"role": "user", "content": correction_prompt(problem)},
        ]

    def usage(self) -> Usage:
        return Usage(
            digest=self.digest,
            answer=self.replies[-1].text[:MAX_KEPT_CHARS],
            requests=len(self.replies),
            prompt_tokens=sum(reply.prompt_tokens for reply in self.replies),
            answer_tokens=sum(reply.answer_tokens for reply in self.replies),
            seconds=self.seconds,
        )
