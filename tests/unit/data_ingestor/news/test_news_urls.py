from __future__ import annotations

import pytest

from services.common.errors import NeverWorks
from services.data_ingestor.news.urls import check_url, redirect_target, shown


@pytest.mark.parametrize(
    "url", ["https://paper.example/rss", "http://127.0.0.1:8085/feed.xml?a=b", "HTTPS://paper.example"]
)
def test_a_web_address_may_be_fetched(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "paper.example/rss",
        "file:///etc/passwd",
        "ftp://paper.example/rss",
        "https:///rss",
        "https://paper.example:99999/rss",
        "https://[::1/rss",
        "https://paper.example/a feed",
        "https://paper.example/\nrss",
        "https://paper.example/" + "x" * 2000,
    ],
)
def test_anything_else_may_not(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_url(url)


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert shown("https://me:pw@paper.example:8443/rss?key=pw#pw") == "https://paper.example:8443/rss"
    assert shown("http://[::1]:80/rss") == "http://[::1]:80/rss"
    assert "pw" not in shown("https://me:pw@[broken/rss")


@pytest.mark.parametrize(
    ("current", "location", "target"),
    [
        ("https://paper.example/rss", "/feed", "https://paper.example/feed"),
        ("http://paper.example/rss", "https://paper.example/rss", "https://paper.example/rss"),
        ("http://paper.example/rss", "//cdn.example/rss", "http://cdn.example/rss"),
    ],
)
def test_a_redirect_is_followed_on_the_web(current: str, location: str, target: str) -> None:
    assert redirect_target(current, location) == target


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://paper.example/rss", "from https to plain http"),
        ("file:///etc/passwd", "cannot be used"),
        ("https://[::1", "cannot be used"),
        ("gopher://paper.example", "cannot be used"),
    ],
)
def test_a_redirect_is_not_followed_elsewhere(location: str, reason: str) -> None:
    with pytest.raises(NeverWorks, match=reason):
        redirect_target("https://paper.example/rss", location)


def test_a_refused_redirect_does_not_repeat_secrets() -> None:
    with pytest.raises(NeverWorks) as caught:
        redirect_target("https://paper.example/", "http://me:hidden@paper.example/?key=hidden")
    assert "hidden" not in str(caught.value)
