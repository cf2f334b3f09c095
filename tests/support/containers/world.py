"""The world outside, in a container: feeds, webhooks, Telegram, an OpenAI-compatible server and an exchange.

Port 8000: feeds are at /coindesk.xml and so on, and one article comes every WORLD_NEWS_SECONDS (10; 0: none). POST
/publish/N adds N articles at once, each a story of its own, and answers with their titles. /webhooks lists what was
posted anywhere else, as JSON: alerts, notices, and what a bot sent. At /bot... is Telegram's Bot API; POST /say/COMMAND
writes a command in chat 7. The model server (/v1) finds every article good news. Port 8085: an exchange that replays
the candles of WORLD_CANDLES, a folder of BASE_QUOTE-1m.feather, or the sample. Both listen on WORLD_HOST, or on all
addresses of the container.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import tempfile
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from services.replay_exchange import server
from services.replay_exchange.replay import ReplayOptions
from tests.support.containers.waves import write_candles

HOST = os.environ.get("WORLD_HOST", "0.0.0.0")
EVERY_SECONDS = float(os.environ.get("WORLD_NEWS_SECONDS", "10"))
SOURCES = ("coindesk", "cointelegraph", "theblock", "decrypt", "bitcoinmagazine")
COINS = itertools.cycle(("Bitcoin", "Ethereum", "BNB"))
CAUSES = itertools.cycle(
    (
        "record inflows",
        "a strong rally",
        "growing adoption",
        "an upgrade",
        "new demand",
        "a listing",
        "a partnership",
    )
)
MODEL = "good-news"
OWN = "own"
SHOWN = 60
"""Articles of the one-by-one kind in a feed; those that were published at once are all listed."""
news: dict[str, list[str]] = {name: [] for name in (*SOURCES, OWN)}
published: dict[str, list[str]] = {name: [] for name in news}
posted: list[dict[str, str]] = []
updates: list[dict[str, Any]] = []
numbers = itertools.count(1)


def write_news() -> None:
    for number, source in enumerate(itertools.cycle(SOURCES)):
        now = datetime.now(UTC)
        title = f"{next(COINS)} soars number {number} on {next(CAUSES)} at {now:%H:%M:%S}"
        news[source].append(item(source, title, now))
        news[OWN].append(item(OWN, f"Litecoin {title.partition(' ')[2]}", now))
        time.sleep(EVERY_SECONDS)


def publish(count: int) -> list[str]:
    """Random words, so that no two articles tell the same story."""
    titles = []
    for source in itertools.islice(itertools.cycle(SOURCES), count):
        words = " ".join("".join(random.choices("abcdefghiklmnoprstuvw", k=8)) for _ in range(8))
        titles.append(f"{next(COINS)} soars: {words}")
        published[source].append(item(source, titles[-1], datetime.now(UTC)))
    return titles


def item(source: str, title: str, now: datetime) -> str:
    name = f"{source}-{now.timestamp()}-{random.randrange(10**9)}"
    return (
        f"<item><title>{title}</title><link>https://sample.invalid/{name}</link><guid isPermaLink='false'>{name}</guid>"
        f"<pubDate>{format_datetime(now)}</pubDate><description>{title}: it gained.</description></item>"
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        source = self.path.strip("/").removesuffix(".xml")
        if self.path == "/":
            self.answer("the world is there", "text/plain")
        elif self.path == "/webhooks":
            self.answer(json.dumps(posted), "application/json")
        elif self.path == "/v1/models":
            listed = {"id": MODEL, "object": "model", "created": 1, "owned_by": "world"}
            self.answer(json.dumps({"object": "list", "data": [listed]}), "application/json")
        elif source in news:
            items = "".join(reversed([*published[source], *news[source][-SHOWN:]]))
            head = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{source}</title>'
            self.answer(f"{head}{items}</channel></rss>", "application/rss+xml; charset=utf-8")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith("/publish/"):
            titles = publish(int(self.path.removeprefix("/publish/")))
            self.answer(json.dumps(titles), "application/json")
        elif self.path == "/v1/chat/completions":
            self.answer(json.dumps(completion(json.loads(body))), "application/json")
        elif self.path.startswith("/bot"):
            self.answer(json.dumps({"ok": True, "result": self.of_telegram(body)}), "application/json")
        elif self.path.startswith("/say/"):
            updates.append(update(self.path.removeprefix("/say")))
            self.answer("said", "text/plain")
        else:
            posted.append({"path": self.path, "body": body})
            self.answer("ok", "text/plain")

    def of_telegram(self, body: str) -> object:
        """The result of a method of the Bot API."""
        method = self.path.rpartition("/")[2]
        if method == "getUpdates":
            offset = int(parse_qs(body).get("offset", ["0"])[0])
            found = [each for each in updates if each["update_id"] >= offset]
            if not found:
                time.sleep(1)
            return found
        if method == "getMe":
            return {"id": 4242, "is_bot": True, "first_name": "World", "username": "WorldBot"}
        if method == "sendMessage":
            posted.append({"path": self.path, "body": body})
            return update("")["message"]
        return True

    def answer(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def update(text: str) -> dict[str, Any]:
    """A message of a person in chat 7."""
    number = next(numbers)
    person = {"id": 7, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 7, "type": "private", "first_name": "Ann"}
    message = {"message_id": number, "date": int(time.time()), "chat": chat, "from": person, "text": text}
    return {"update_id": number, "message": message}


def completion(asked: dict[str, Any]) -> dict[str, Any]:
    schema = ((asked.get("response_format") or {}).get("json_schema") or {}).get("schema") or {}
    good = {"reason": "Good.", "event_type": "other", "score": 8, "confidence": 9}
    text = json.dumps(dict.fromkeys(schema.get("properties") or {"BTC": 0}, good))
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    head = {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"]}
    return {**head, "choices": [choice], "usage": usage}


async def main() -> None:
    server.HOST = HOST
    if EVERY_SECONDS:
        threading.Thread(target=write_news, daemon=True).start()
    pages = ThreadingHTTPServer((HOST, 8000), Handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    given = os.environ.get("WORLD_CANDLES")
    candles = Path(given or tempfile.mkdtemp())
    if not given:
        write_candles(candles)
    async with server.ReplayExchange(ReplayOptions(candles=candles, timeframe="1m"), port=8085):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
