"""Which proxy an address is asked through: the environment's for the internet, none for this machine."""

from __future__ import annotations

import ast
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from aiohttp.helpers import get_env_proxy_for_url
from yarl import URL

from services.common import probe
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.network.proxies import (
    by_way_of,
    hidden_variables,
    is_loopback,
    proxy_for,
    shield_loopback,
)
from services.common.settings.settings import PROJECT_ROOT, ScorerKind, Settings
from services.data_ingestor.news.rss.fetch import FeedRequest, Fetched, fetch
from services.launch.probes import answers_ok
from services.sentiment_analyzer.scorers.build import build_scorer
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import NOW, Item, rss
from tests.support.servers.nobody import refusing_port

PROXY = {"http": "http://proxy:3128", "https": "http://proxy:3128"}
HERE = [
    "localhost",
    "a.localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.0.0.53",
    "127.1",
    "[::1]",
    "0.0.0.0",
    "[::]",
]
HERE += ["[::ffff:127.0.0.1]", "localhost.", "localhost.localdomain", "ip6-localhost", "ip6-loopback"]
ELSEWHERE = [
    "example.com",
    "localhost.example.com",
    "notlocalhost",
    "10.0.0.1",
    "128.0.0.1",
    "[::2]",
    "ollama",
]


@pytest.fixture(params=["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"])
def proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A proxy in the environment on whose port nobody listens; whoever asks through it gets no answer."""
    with refusing_port() as port:
        scheme = "socks5" if request.param == "all_proxy" else "http"
        monkeypatch.setenv(request.param, f"{scheme}://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "[::1],.internal")
        yield port


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", HERE)
def test_nothing_on_this_machine_has_a_proxy(host: str, scheme: str) -> None:
    assert is_loopback(host)
    for proxies in (PROXY, {"all": "socks5://proxy"}, {scheme: "ftp://[", "no": "[::1"}):
        assert proxy_for(f"{scheme}://{host}:8000/v1", proxies) is None


@pytest.mark.parametrize("host", ELSEWHERE)
def test_everything_else_is_asked_through_the_proxy_of_its_scheme(host: str) -> None:
    assert not is_loopback(host)
    assert proxy_for(f"https://{host}/rss", {"https": "http://s:1", "http": "http://h:1"}) == "http://s:1"
    assert proxy_for(f"http://{host}/rss", {"all": "socks5h://a:1"}) == "socks5h://a:1"
    assert (
        proxy_for(f"http://{host}/rss", {"http": "proxy:3128", "all": "http://other"}) == "http://proxy:3128"
    )
    assert proxy_for(f"http://{host}/rss", {}) is None


@pytest.mark.parametrize(
    ("no_proxy", "exempt", "asked"),
    [
        ("example.com", ["example.com", "a.example.com"], ["notexample.com"]),
        (".example.com", ["a.example.com"], ["example.com"]),
        ("*.example.com", ["a.example.com"], ["example.com"]),
        ("10.0.0.0/8, 192.168.1.1", ["10.1.2.3", "192.168.1.1"], ["11.0.0.1", "192.168.1.2"]),
        ("fd00::/8 [fe80::1]", ["[fd12::1]", "[fe80::1]"], ["[fe80::2]"]),
        ("example.com:8080", ["example.com:8080"], ["example.com:80"]),
        ("[fd00::1]:8080", ["[fd00::1]:8080"], ["[fd00::1]"]),
        ("http://ollama:11434/", ["ollama:11434"], ["ollama:80"]),
        ("*", ["example.com", "10.1.1.1"], []),
        ("", [], ["example.com"]),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(
    no_proxy: str, exempt: list[str], asked: list[str]
) -> None:
    proxies = {**PROXY, "no": no_proxy}
    assert [host for host in exempt if proxy_for(f"http://{host}/", proxies)] == []
    assert [host for host in asked if not proxy_for(f"http://{host}/", proxies)] == []


@pytest.mark.parametrize(
    ("proxies", "said"),
    [
        ({"http": "socks4://proxy:1080"}, "HTTP_PROXY=socks4://proxy:1080: no proxy that can be used"),
        ({"all": "socks://proxy:1080/"}, "ALL_PROXY=socks://proxy:1080/"),
        ({"http": "http://proxy:port"}, "HTTP_PROXY=http://proxy:port"),
        ({"http": "http://"}, "HTTP_PROXY=http://:"),
        ({"http": "http://[::1"}, r"HTTP_PROXY=http://\[::1"),
        ({"http": "a proxy"}, "HTTP_PROXY=a proxy"),
        ({**PROXY, "no": "localhost,[::1"}, r"NO_PROXY: '\[::1' is no host, domain or network"),
        ({**PROXY, "no": "10.0.0.0/99"}, "NO_PROXY: '10.0.0.0/99'"),
        ({**PROXY, "no": "a:b"}, "NO_PROXY: 'a:b'"),
        ({**PROXY, "no": "localhost;a.b"}, "NO_PROXY: 'localhost;a.b'"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_variable(proxies: dict[str, str], said: str) -> None:
    with pytest.raises(StopProgram, match=f"^{said}"):
        proxy_for("http://example.com/", proxies)


def test_a_password_of_a_proxy_is_never_shown() -> None:
    with pytest.raises(StopProgram) as refused:
        proxy_for("http://example.com", {"http": "socks4://user:hunter2@proxy:1"})
    shown = by_way_of("http://example.com", {"http": "user:hunter2@proxy:1"})
    assert "HTTP_PROXY" in shown
    assert "hunter2" not in shown + str(refused.value)


def test_a_health_check_goes_past_the_proxy(proxied: int, feeds: FeedServer) -> None:
    url = feeds.set("/health", reply(b"ok"))
    assert answers_ok(url)()
    assert probe.main([url.split(":")[2].split("/")[0]]) == 0


def test_a_feed_on_this_machine_is_fetched_past_the_proxy(proxied: int, feeds: FeedServer) -> None:
    url = feeds.set("/rss", reply(rss([Item()])))
    assert isinstance(fetch(FeedRequest(url, "Reader/1", 30, 10_000, NOW)), Fetched)


def test_a_feed_elsewhere_is_asked_through_the_proxy_which_is_named(proxied: int) -> None:
    with pytest.raises(TryLater, match=f"asked through the proxy of .*:{proxied}"):
        fetch(FeedRequest("http://feed.example/rss", "Reader/1", 30, 10_000, NOW))


def test_a_feed_behind_a_proxy_that_cannot_be_read_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "ftp://proxy")
    with pytest.raises(TryLater, match="HTTP_PROXY=ftp://proxy: no proxy that can be used"):
        fetch(FeedRequest("http://feed.example/rss", "Reader/1", 30, 10_000, NOW))


@pytest.mark.parametrize("kind", [ScorerKind.OLLAMA, ScorerKind.OPENAI])
def test_a_model_server_on_this_machine_is_asked_past_the_proxy(
    proxied: int, feeds: FeedServer, kind: ScorerKind
) -> None:
    url = feeds.set("/", reply(b"no model here")).rstrip("/")
    scorer = build_scorer(model_settings(url, kind))
    with pytest.raises((TryLater, NeverWorks, StopProgram)) as refused:
        scorer.check()
    scorer.close()
    assert url in str(refused.value)
    assert "cannot be reached" not in str(refused.value)


@pytest.mark.parametrize("kind", [ScorerKind.OLLAMA, ScorerKind.OPENAI])
def test_a_model_server_elsewhere_is_asked_through_the_proxy_which_is_named(
    proxied: int, kind: ScorerKind
) -> None:
    scorer = build_scorer(model_settings("http://models.example:8000", kind))
    with pytest.raises(TryLater, match=f"asked through the proxy of .*:{proxied}"):
        scorer.check()
    scorer.close()


@pytest.mark.parametrize("kind", [ScorerKind.OLLAMA, ScorerKind.OPENAI])
def test_a_proxy_that_cannot_be_read_stops_whoever_needs_it_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, kind: ScorerKind
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:1080/")
    with pytest.raises(StopProgram, match=r"ALL_PROXY=socks://127\.0\.0\.1:1080/"):
        build_scorer(model_settings("http://models.example:8000", kind))
    build_scorer(model_settings("http://localhost:8000", kind)).close()


def model_settings(url: str, kind: ScorerKind) -> Settings:
    return Settings(
        sentiment_scorer=kind,
        ollama_host=url,
        openai_base_url=url,
        openai_model="some-model",
        ollama_timeout=30,
        openai_timeout=30,
    )


def test_libraries_that_read_the_variables_themselves_find_this_machine_exempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environ = {"http_proxy": "http://proxy:1", "NO_PROXY": "[fd00::1],.internal"}
    shield_loopback(environ)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert environ["NO_PROXY"].startswith("fd00::1,.internal,localhost,")
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert not requests.utils.get_environ_proxies(f"http://{host}:8085/api")
        with pytest.raises(LookupError):
            get_env_proxy_for_url(URL(f"http://{host}:8085/api"))


def test_an_environment_without_a_proxy_stays_as_it_is() -> None:
    for environ in ({}, {"NO_PROXY": "[::1]"}, {"HTTP_PROXY": ""}):
        before = dict(environ)
        shield_loopback(environ)
        assert environ == before


def test_every_http_client_of_ours_says_how_it_goes_about_proxies() -> None:
    unsaid = [
        f"{path.relative_to(PROJECT_ROOT)}:{call.lineno}"
        for folder in ("services", "user_data/strategies")
        for path in sorted((PROJECT_ROOT / folder).rglob("*.py"))
        for call in _clients(path)
        if not {"trust_env", None} & {keyword.arg for keyword in call.keywords}
    ]
    assert unsaid == []


def _clients(path: Path) -> Iterator[ast.Call]:
    """The calls of a file that open HTTP connections and take proxies from the environment unless told otherwise."""
    named = {"httpx.get", "httpx.post", "httpx.put", "httpx.request", "httpx.stream", "httpx.Client"}
    named |= {"httpx.AsyncClient", "urllib.request.urlopen", "urlopen", "DefaultHttpxClient"}
    named |= {"requests.get", "requests.post", "requests.Session"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in named:
            yield node


def test_variables_are_hidden_from_python_code_while_the_environment_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread that reads it in C code meanwhile would crash the service."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere")
    with monkeypatch.context() as watched:
        for name in ("putenv", "unsetenv"):
            watched.setattr(os, name, lambda *_: pytest.fail("the environment was changed"))
        with hidden_variables("OLLAMA_HOST"):
            assert (os.getenv("OLLAMA_HOST"), os.getenv("HTTPS_PROXY")) == (None, None)
            assert urllib.request.getproxies() == {}
            assert os.environ["PATH"]
        assert (os.getenv("OLLAMA_HOST"), os.getenv("HTTPS_PROXY")) == ("elsewhere", "http://proxy:3128")
