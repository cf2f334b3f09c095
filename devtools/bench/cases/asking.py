"""The case that compares the processor with a client that only sends requests to a language model's server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from devtools.bench.cases.publishing import empty
from devtools.bench.lab import Lab, LlmServer
from devtools.bench.processes import counted, started_service, wait_until_ready
from devtools.bench.programs import llm_stand_in
from devtools.bench.results import Rows, at_least, compare
from devtools.bench.samples import article
from devtools.servers.control import LOOPBACK, free_ports
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import NEWS_ARTICLE, RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.messages import NewsArticle
from services.common.network.proxies import proxy_for
from services.common.settings.settings import ScorerKind, Settings
from services.sentiment_analyzer.article.text import text_of
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.scorers.model.ollama import KEEP_ALIVE
from services.sentiment_analyzer.scorers.model.prompt import SYSTEM_PROMPT, answer_schema, user_prompt

CONCURRENCY = 8
DELAY_SECONDS = 0.2
ARTICLES = 240
"""The number of articles for the stand-in, which answers all of them in six seconds."""
ARTICLES_A_SLOT = 10
"""The number of articles per concurrent request for a server whose speed is unknown."""
PATIENCE_SECONDS = 1_800.0
LOOK_SECONDS = 0.02
DONE = "cryptoboy_articles_scored_total"
MODULE = "services.sentiment_analyzer.sentiment_processor"


def processor_llm(lab: Lab) -> Rows:
    """Articles per second of the processor, compared with the answers per second of a simple client.

    The time runs from the first article's publication until the last one is acknowledged. Processor and client send
    the same requests to the same server with the same concurrency; the processor also takes the articles from
    RabbitMQ, matches them, looks for their stories, stores receipts and publishes signals. No article is sent twice.
    """
    with ExitStack() as stack:
        llm = lab.llm or stack.enter_context(_stand_in(lab))
        count = lab.amount(ARTICLES_A_SLOT * llm.concurrency if lab.llm else ARTICLES)
        settings = _settings(lab, llm)
        (port,) = free_ports(1)
        stack.enter_context(started_service(lab, MODULE, settings, port))
        broker = stack.enter_context(closing(RabbitMqBroker(lab.settings(), SystemClock())))
        broker.start()
        matcher = AssetMatcher(load_registry(), settings.trading_pairs)
        taken = {"ours": 0, "bare": 0}

        def next_articles(who: str) -> list[NewsArticle]:
            """The articles of this client's next run, which are the same for both clients."""
            taken[who] += count
            now = SystemClock().now()
            return [article(number, now) for number in range(taken[who] - count, taken[who])]

        def ours() -> float:
            empty(lab.servers.rabbitmq(), RAW_NEWS_DATA.name, SENTIMENT_SIGNALS.name)
            return count / _process(broker, next_articles("ours"), port)

        def bare() -> float:
            return count / _ask(
                llm, [chat_request(each, matcher, settings) for each in next_articles("bare")]
            )

        values, baselines = lab.interleave(ours, bare)
    note = f"httpx in {llm.concurrency} threads with the same requests to {llm.about}"
    yield compare("processor_llm", "articles/s", values, baselines, at_least(0.9), note=note)


@contextmanager
def _stand_in(lab: Lab) -> Iterator[LlmServer]:
    (port,) = free_ports(1)
    options = ("--port", str(port), "--at-once", str(CONCURRENCY), "--delay", str(DELAY_SECONDS))
    with lab.python("llm", "-m", llm_stand_in.__name__, *options, environ=lab.environ()) as program:
        wait_until_ready("the stand-in of a language model", program, port, "/api/tags")
        about = f"a stand-in that answers {CONCURRENCY} at once, each after {DELAY_SECONDS:g} s"
        yield LlmServer(f"http://{LOOPBACK}:{port}", llm_stand_in.MODEL, CONCURRENCY, about)


def _settings(lab: Lab, llm: LlmServer) -> Settings:
    return lab.settings(
        sentiment_scorer=ScorerKind.OLLAMA,
        ollama_host=llm.url,
        ollama_model=llm.model,
        sentiment_concurrency=llm.concurrency,
    )


def _process(broker: RabbitMqBroker, articles: Sequence[NewsArticle], port: int) -> float:
    """Seconds from publishing the articles until the processor with that metrics port has scored all of them."""
    messages = [OutgoingMessage(NEWS_ARTICLE, each.encode(), each.article_id) for each in articles]
    before = counted(port, DONE)
    begin = time.perf_counter()
    broker.publish(messages, timeout=PATIENCE_SECONDS)
    while (done := counted(port, DONE) - before) < len(articles):
        if time.perf_counter() - begin > PATIENCE_SECONDS:
            raise TryLater(f"only {done:.0f} of {len(articles)} articles were scored in time; run it again")
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - begin


def _ask(llm: LlmServer, bodies: Sequence[bytes]) -> float:
    """Seconds that a client needs to get all answers if it only sends requests."""
    import httpx

    proxy = proxy_for(llm.url)
    with httpx.Client(base_url=llm.url, timeout=PATIENCE_SECONDS, proxy=proxy, trust_env=False) as client:

        def ask(body: bytes) -> None:
            response = client.post("/api/chat", content=body, headers={"Content-Type": "application/json"})
            response.raise_for_status()
            response.json()

        begin = time.perf_counter()
        with ThreadPoolExecutor(llm.concurrency) as threads:
            for _ in threads.map(ask, bodies):
                pass
        return time.perf_counter() - begin


def chat_request(each: NewsArticle, matcher: AssetMatcher, settings: Settings) -> bytes:
    """The body of the request that a processor with these settings sends for an article."""
    text = text_of(each)
    assets = [target.asset for target in matcher.match(text).targets]
    request: dict[str, Any] = {
        "model": settings.ollama_model,
        "messages": [
            {"role": "system", "content": SYSTEM_PROMPT},
            {"role": "user", "content": user_prompt(text, assets)},
        ],
        "tools": [],
        "stream": False,
        "format": answer_schema(assets),
        "options": {"temperature": 0, "num_predict": settings.ollama_max_tokens},
        "keep_alive": KEEP_ALIVE,
    }
    return json.dumps(request).encode()
