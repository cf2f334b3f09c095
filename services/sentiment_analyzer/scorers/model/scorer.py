"""Asks a language model to score all assets of an article in one request, and validates the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from services.common.errors import NeverWorks
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import MODEL_ANSWERS_REFUSED, MODEL_TOKENS
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.model.answer import END_OF_THOUGHTS, BadAnswerError, read_answer
from services.sentiment_analyzer.scorers.model.chat import ChatServer, Messages, Reply
from services.sentiment_analyzer.scorers.model.prompt import (
    SYSTEM_PROMPT,
    answer_schema,
    correction_prompt,
    user_prompt,
)
from services.sentiment_analyzer.scorers.model.server_pool import ServerPool, UselessError
from services.sentiment_analyzer.scorers.port import Abstained, AssetScore, Scores, Unusable, Usage

log = structlog.get_logger(__name__)

TOKENS_PER_ASSET = 128
"""The number of tokens that the answer about one asset may need. If the limit of an answer is too low for all
assets, it is raised."""
MOST_TOKENS = 4096
"""The highest limit of tokens for an answer and the reasoning before it, which is also the highest that the
settings allow."""
MORE_ROOM = 4
"""The factor by which the limit is raised for a model that has used it up on its reasoning."""
REQUESTS_A_SCORE = 4
"""The number of requests to each server that one score may need. If an answer cannot be used, the request is
repeated, and before each request the server may be probed. A higher limit of tokens and a plainer request are each
tried only once."""
MAX_QUOTED_CHARS = 500
MAX_KEPT_CHARS = 4_000
START_OF_THOUGHTS = END_OF_THOUGHTS.replace("/", "")
SAMPLE = ArticleText(
    "Bitcoin rises after a large fund reports record inflows",
    "The fund said on Monday that it had taken in 900 million dollars in one week, more than in any week before.",
)
"""A typical article, which the model has to score in the check."""
SAMPLE_ASSETS = (Asset(ticker="BTC", name="Bitcoin"),)

Ask = Callable[[Messages, dict[str, Any], int], tuple[Reply, str]]
"""A function that sends a conversation, the schema of the answer and the limit of tokens to a server, and returns the
reply and the digest of the model."""


class ModelScorer:
    """Asks one model on any healthy server that runs the model. Threads may share the scorer.

    Args:
        name: the kind of scorer, which is a label of metrics.
        model: the name of the model in the signals.
        max_tokens: the limit of one answer, which is raised for a model that spends it on its reasoning.
    """

    articles_at_once = 1

    def __init__(self, name: str, model: str, servers: ServerPool, *, max_tokens: int) -> None:
        self.name = name
        self.model = model
        self.patience = REQUESTS_A_SCORE * servers.timeout
        self._servers = servers
        self._max_tokens = max_tokens
        self._room = 0
        self._bound = f"{name.upper()}_MAX_TOKENS"

    def check(self) -> None:
        """See `port.Scorer`. Requires a server that has the model and accepts an article; loads the model there."""
        self._servers.check(self._try_out)

    def health(self) -> DependencyHealth:
        """See `port.Scorer`. Reports the state of the servers when they were last asked."""
        return self._servers.health()

    def digest(self) -> str:
        """Return an identifier of the model's weights, as far as the servers state one."""
        return self._servers.digest()

    def close(self) -> None:
        """See `port.Scorer`."""
        self._servers.close()

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Ask the model for the scores. If the answer cannot be used, ask once more and tell the model what is wrong.

        Raises:
            TryLater: no server can answer now.
            Abstained: the model abstains on every asset.
            Unusable: the model gave two answers that cannot be used, or had no room for an answer.
            NeverWorks: a server refuses this very request, or the model declines to answer it.
        """
        conversation = _Conversation(_opening(text, assets))
        try:
            scores = self._scores(conversation, assets)
        except BadAnswerError as error:
            conversation.ask_for_correction(str(error))
            try:
                scores = self._scores(conversation, assets)
            except BadAnswerError as second:
                reason = f"two answers could not be used, the second because {second}"
                if conversation.replies[-1].is_cut:
                    reason += f", or raise {self._bound} (now {self._max_tokens})"
                raise Unusable(reason, (conversation.usage(),)) from None
        if not scores:
            raise Abstained("the model cannot tell for any of the assets", (conversation.usage(),))
        return Scores(self.model, scores, usage=(conversation.usage(),))

    def _try_out(self, server: ChatServer) -> None:
        """Have a server score the sample article to check that it accepts articles; the scores do not matter.

        Raises:
            TryLater, NeverWorks: as the server raises them.
            UselessError: there is no room for an answer, or the model declines to give one.
        """

        def ask(messages: Messages, schema: dict[str, Any], max_tokens: int) -> tuple[Reply, str]:
            reply = server.chat(messages, schema=schema, max_tokens=max_tokens, is_check=True)
            return reply, server.digest

        conversation = _Conversation(_opening(SAMPLE, SAMPLE_ASSETS))
        try:
            reply = self._reply(ask, conversation, SAMPLE_ASSETS)
        except Unusable as error:
            raise UselessError(f"{server.url}: {error}") from None
        if reply.declined:
            raise UselessError(f"{server.url} declines to score a sample article: {reply.declined}")
        try:
            _read(reply, SAMPLE_ASSETS)
        except BadAnswerError as error:
            log.warning("sample_not_scored", model=self.model, server=server.url, reason=str(error))

    def _scores(self, conversation: _Conversation, assets: Sequence[Asset]) -> dict[str, AssetScore]:
        def ask(messages: Messages, schema: dict[str, Any], max_tokens: int) -> tuple[Reply, str]:
            return self._servers.chat(messages, schema=schema, max_tokens=max_tokens)

        reply = self._reply(ask, conversation, assets)
        if reply.declined:
            raise NeverWorks(f"the model declines this article: {reply.declined}")
        try:
            return _read(reply, assets, is_last_try=conversation.is_corrected)
        except BadAnswerError as error:
            MODEL_ANSWERS_REFUSED.labels(self.model).inc()
            log.info("answer_refused", model=self.model, reason=str(error))
            raise

    def _reply(self, ask: Ask, conversation: _Conversation, assets: Sequence[Asset]) -> Reply:
        """Return the reply of the model. Raises the limit of tokens if the reasoning leaves no room for an answer.

        Raises:
            Unusable: the reasoning leaves no room even at the highest limit.
        """
        schema = answer_schema(assets)
        was_cut = bool(conversation.replies) and conversation.replies[-1].is_cut
        while True:
            room = max(self._room, self._max_tokens, TOKENS_PER_ASSET * len(assets))
            room = min(2 * room, MOST_TOKENS) if was_cut else room
            reply, digest = ask(conversation.messages, schema, room)
            conversation.note(reply, digest)
            if not _is_spent_on_thoughts(reply):
                return reply
            if room >= MOST_TOKENS:
                raise Unusable(
                    f"the model spent its answer on reasoning: {room} tokens had no room for scores, and "
                    f"{self._bound} allows at most {MOST_TOKENS}; turn its thinking off, or use another model",
                    (conversation.usage(),),
                )
            self._room = min(MORE_ROOM * room, MOST_TOKENS)
            log.warning("answer_room_raised", model=self.model, tokens=self._room, variable=self._bound)


def _opening(text: ArticleText, assets: Sequence[Asset]) -> Messages:
    return [
        {"role": "system", "content": SYSTEM_PROMPT},
        {"role": "user", "content": user_prompt(text, assets)},
    ]


def _is_spent_on_thoughts(reply: Reply) -> bool:
    """Whether the limit of the answer was reached during the reasoning of the model, or soon after it."""
    text = reply.text
    is_reasoning = START_OF_THOUGHTS in text and END_OF_THOUGHTS not in text
    return reply.is_cut and bool(reply.thoughts or not text.strip() or is_reasoning)


def _read(reply: Reply, assets: Sequence[Asset], *, is_last_try: bool = False) -> dict[str, AssetScore]:
    if reply.is_cut:
        raise BadAnswerError("it is too long and was cut off; shorten the reasons")
    # Some templates put the answer of a model that is not to think where its reasoning goes.
    said = reply.text if reply.text.strip() else reply.thoughts
    return read_answer(said, assets, is_last_try=is_last_try)


@dataclass(slots=True)
class _Conversation:
    """A conversation about one article, and the tokens and time that it has used so far."""

    messages: Messages
    replies: list[Reply] = field(default_factory=list)
    digest: str = ""
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    is_corrected: bool = False

    def note(self, reply: Reply, digest: str) -> None:
        self.replies.append(reply)
        self.digest = digest
        self.seconds = time.monotonic() - self.started
        MODEL_TOKENS.labels("prompt").inc(reply.prompt_tokens)
        MODEL_TOKENS.labels("answer").inc(reply.answer_tokens)

    def ask_for_correction(self, problem: str) -> None:
        self.is_corrected = True
        self.messages = [
            *self.messages,
            {"role": "assistant", "content": self.replies[-1].text[:MAX_QUOTED_CHARS]},
            {"role": "user", "content": correction_prompt(problem)},
        ]

    def usage(self) -> Usage:
        return Usage(
            digest=self.digest,
            answer=(self.replies[-1].text or self.replies[-1].thoughts)[:MAX_KEPT_CHARS],
            requests=len(self.replies),
            prompt_tokens=sum(reply.prompt_tokens for reply in self.replies),
            answer_tokens=sum(reply.answer_tokens for reply in self.replies),
            seconds=self.seconds,
        )
