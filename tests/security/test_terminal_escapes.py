"""Whoever writes a headline, an error of a server, or a key of Redis attacks the terminal of who looks at it.

Escape sequences clear the screen, set the clipboard, hide what follows; a line end invents a line of the log; markup of
the library that draws tables hides words or breaks the command. None of it may leave our programs, whatever prints it.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
import pytest
import structlog
import typer

from services.cli import app
from services.cli.views import demo as demo_view
from services.common.errors import TryLater
from services.common.runtime.logging import configure_logging
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.common.store.redis.client import redis_client
from services.common.text.clean_output import clean_output
from services.common.text.plain_text import without_control
from services.demo.counts import Counts
from services.demo.observer import Scene
from services.demo.plan import sample_plan
from services.launch.freqtrade import redact
from services.research.history.scoring.signal_rows import COLUMNS, row_of
from tests.support.store.embedded_redis import embedded_redis
from tests.support.strategy.strategy_samples import signal

PATIENCE_SECONDS = 30.0
ATTACKS = {
    "clears the screen": "up\x1b[2J\x1b[Hdown",
    "hides what follows": "up\x1b[8mdown",
    "sets the clipboard": "up\x1b]52;c;cm0gLXJm\x07down",
    "writes a link": "up\x1b]8;;http://evil.example\x1b\\down",
    "sets the title in C1": "up\x9d0;owned\x9cdown",
    "C1": "up\x9b31mdown",
    "goes back and writes over": "up\rdown\x08\x08",
    "reorders": "up\u202enwod\u2066 down",
    "cannot be encoded": "up\ud800down",
    "markup": "up[/nothing] [conceal]down",
    "a line of its own": "up\n2026-01-01T00:00:00Z [info] entries are open",
}
OUR_COLOURS = re.compile(r"\x1b\[(?:[0-79]|[1-9][0-9])?(?:;[0-9]+)*m")


def assert_harmless(shown: str) -> None:
    """Nothing is left that steers a terminal, but for colours of ours."""
    plain = OUR_COLOURS.sub("", shown).replace("\r\n", "\n")
    assert without_control(plain, lines=True) == plain
    assert "\x1b" not in plain


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Settings]:
    with embedded_redis(tmp_path) as server:
        yield server.settings


def on_a_terminal(settings: Settings, *arguments: str) -> tuple[int, str]:
    """What a command shows on a terminal that has colours."""
    ours, theirs = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    path = os.pathsep.join(map(str, (PROJECT_ROOT, PROJECT_ROOT / "user_data/strategies")))
    with subprocess.Popen(
        [sys.executable, "-m", "services.cli", *arguments],
        env={
            **environ,
            **settings.environment(),
            "PYTHONPATH": path,
            "TERM": "xterm-256color",
            "COLUMNS": "150",
        },
        stdout=theirs,
        stderr=theirs,
    ) as command:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while read := os.read(ours, 65536):
                shown += read
        status = command.wait(PATIENCE_SECONDS)
    os.close(ours)
    return status, shown.decode()


def test_sentiment_shows_hostile_texts_of_the_store_as_plain_ones(store: Settings) -> None:
    text = " ".join(
        each for each in ATTACKS.values() if each.isascii() or each.isprintable() or "\x9d" in each
    )
    now = datetime.now(UTC).isoformat()
    fields = {"score": "0.9", "timestamp": now, "published": now, "article_id": "a1"}
    hold = json.dumps({"reason": text, "since": now})
    with redis_client(store) as client:
        client.hset(
            "sentiment:BTC/USDT",
            mapping={**fields, "label": text, "headline": text, "source": text, "scope": text},
        )
        client.hset("trading:holds", mapping={"_kept": "1", f"risk {ATTACKS['markup']}\x1b[2J": hold})
    status, shown = on_a_terminal(store, "sentiment", "BTC/USDT")
    assert status == 0, shown
    assert "down" in shown
    assert_harmless(shown)


@contextmanager
def terminal(*, colours: bool = True) -> Iterator[io.StringIO]:
    """Standard output and error, as the command line has them on a terminal."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return colours

    shown = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm-256color")
        patch.setattr(sys, "stdout", shown)
        patch.setattr(sys, "stderr", shown)
        clean_output()
        yield shown


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_a_program_prints_is_plain(attack: str) -> None:
    with terminal() as shown:
        print(ATTACKS[attack])  # noqa: T201 - as commands do
        sys.stderr.writelines([ATTACKS[attack]])
    shown.getvalue().encode()
    assert_harmless(shown.getvalue())


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_live_view_of_a_demo_draws_plain_texts(attack: str) -> None:
    text = ATTACKS[attack]
    scene = Scene(
        clock="12:00",
        elapsed=1,
        limit=2,
        sentiment={"BTC/USDT": {"score": "0.9", "label": text, "headline": text}},
        headlines=[],
        prices={},
        trades=[],
        counts=Counts(*(0,) * 8),
    )
    with terminal() as shown, demo_view.watching(sample_plan(None, None), live=True) as (tell, show):
        tell(text)
        show(scene)
    # A live view hides the cursor, goes up and clears lines by sequences of its own.
    rest = re.sub(r"\x1b\[(?:\?25[hl]|1A|2K)", "", shown.getvalue()).replace("\r", "")
    assert "up" in rest
    assert_harmless(rest)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_error_that_quotes_a_server_is_plain(monkeypatch: pytest.MonkeyPatch, attack: str) -> None:
    failing = typer.Typer()

    @failing.command()
    def fail() -> None:
        raise TryLater(f"Redis said: {ATTACKS[attack]}")

    monkeypatch.setattr(app, "app", failing)
    monkeypatch.setattr(sys, "argv", ["cryptoboy"])
    with terminal() as shown, log_as_before(), pytest.raises(SystemExit):
        app.main()
    assert "Redis said: up" in shown.getvalue()
    assert_harmless(shown.getvalue())


@contextmanager
def log_as_before() -> Iterator[None]:
    """Whatever is configured meanwhile."""
    configured, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**configured)


@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_line_of_the_log_is_one_plain_line(attack: str, colours: Any) -> None:
    text = ATTACKS[attack]
    with terminal(colours=colours) as shown, log_as_before():
        configure_logging(Settings(log_level="INFO"), "tested")
        structlog.get_logger("x").info(text, headline=text, several=[text], odd=_Odd(text))
        logging.getLogger("ccxt").warning("it said %s", text)
        lines = shown.getvalue().splitlines()
        try:
            int(text)
        except ValueError:
            structlog.get_logger("x").exception("failed", headline=text)
    assert len(lines) == 2
    assert "Traceback" in shown.getvalue()
    assert_harmless(shown.getvalue())


class _Odd:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


@pytest.mark.parametrize("attack", ATTACKS)
def test_freqtrades_log_is_plain_whoever_is_quoted(monkeypatch: pytest.MonkeyPatch, attack: str) -> None:
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    monkeypatch.setattr(redact, "redact_streams", lambda _hidden: None)
    redact.redact_output([])
    record = logging.getLogger("freqtrade").makeRecord(
        "freqtrade", logging.INFO, "", 0, "Entry of %s", (ATTACKS[attack],), None
    )
    assert_harmless(record.getMessage())


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_strategy_says_of_the_store_is_plain(attack: str) -> None:
    text = ATTACKS[attack]
    trace_id = news.trace_id(pd.DataFrame({"sentiment_article_id": pd.Series([text], dtype=object)}))
    assert_harmless(trace_id)
    assert "\n" not in trace_id
    fields = {"_kept": "1", text: json.dumps({"reason": text, "since": text}), f"{text}2": text}
    holds = news.holds_in_force(fields, datetime.now(UTC) - timedelta(days=1), entries_key=False)
    assert_harmless(news.describe("paused", holds))
    assert "\n" not in news.describe("paused", holds)


@pytest.mark.parametrize(
    "headline", ['=HYPERLINK("http://evil.example")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)"]
)
def test_a_headline_in_an_export_is_no_formula_of_a_spreadsheet(headline: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow(row_of(signal(headline=headline)))
    (row,) = csv.reader(io.StringIO(written.getvalue()))
    assert row[COLUMNS.index("headline")] == f"'{headline}"
    assert row_of(signal(headline="Bitcoin: +5%"))[COLUMNS.index("headline")] == "Bitcoin: +5%"


def test_nothing_draws_on_a_terminal_but_by_the_console_that_cleans() -> None:
    others = [
        str(path.relative_to(PROJECT_ROOT))
        for folder in ("services", "scripts", "user_data")
        for path in (PROJECT_ROOT / folder).rglob("*.py")
        if re.search(
            r"(?<![\w.])Console\(|rich import print|get_console|__stdout__|__stderr__", path.read_text()
        )
    ]
    assert others == []
