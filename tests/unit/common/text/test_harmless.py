from __future__ import annotations

import pytest

from services.common.text.harmless import harmless, harmless_url
from services.common.text.telegram_html import MOST, bold, fitted, link, plain, units, with_command_lines
from tests.support.telegram.shown import shown

HOSTILE = (
    "<b>Buy now</b> & win",
    "</a><a href='https://evil.example'>Binance</a>",
    "Send /pause or /resume now, then /alert@other_bot",
    "Ask @binance_support or #airdrop about $BTC",
    "Claim at https://evil.example/claim?x=1, www.evil.example or evil.co.uk, 10.1.2.3",
    "tg://resolve?domain=evil and ton://transfer/x",
    "mail help@evil.example",
    "&lt;script&gt; &amp; &#60;b&#62;",
    "line one\nline two\u2028/pause",
    "\u202eesrever\u202c \x1b[31mred\x1b[0m",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_text_from_outside_is_markup_or_can_be_tapped(text: str) -> None:
    found = shown(plain(text))

    assert found.links == ()
    assert found.found == ()
    assert "\n" not in found.text


def test_a_command_written_into_a_headline_is_found_by_telegram_if_nothing_is_done() -> None:
    assert shown("Send /pause now").found == (("command", "/pause"),)
    assert shown("evil.example").found == (("address", "evil.example"),)


def test_an_ordinary_headline_stays_as_it_is() -> None:
    headline = "SEC approves BTC/USDT ETF, Bitcoin +4.25% to 97,100.5 at 12:30; who's next?"
    assert harmless(headline) == headline


def test_a_text_is_read_as_it_was_written_apart_from_invisible_joiners() -> None:
    assert shown(plain("<i>5 > 3</i> & /pause at a.example")).text.replace("\u2060", "") == (
        "<i>5 > 3</i> & /pause at a.example"
    )


def test_a_long_text_is_cut_where_it_is_said_to_be() -> None:
    assert harmless("word " * 100, 20) == "word word word word…"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "tg://resolve?domain=x",
        "file:///etc/passwd",
        "https://a b",
        "",
        "https://a\n<b>",
    ],
)
def test_only_pages_of_the_web_are_linked(address: str) -> None:
    assert harmless_url(address) is None
    assert link(plain("label"), address) == "label"


def test_an_address_cannot_leave_its_link() -> None:
    address = "https://news.example/?a=1&b='2'"

    assert link("a story", 'https://news.example/"><b>') == "a story"
    assert shown(link("a story", address)).links == (("a story", address),)


def test_a_message_that_is_too_long_keeps_whole_lines_and_says_that_it_is_cut() -> None:
    lines = [bold(plain(f"line {number} " + "x" * 90)) for number in range(100)]

    whole = fitted(lines, "… and more")

    assert units(whole) <= MOST
    assert shown(whole).text.splitlines()[-1] == "… and more"
    assert shown(whole).text.splitlines()[0].startswith("line 0 ")
    assert fitted(lines[:2]) == "\n".join(lines[:2])


def test_the_limit_counts_in_the_units_of_telegram() -> None:
    lines = ["\U0001f680" * 100] * 40  # two units each

    assert units(fitted(lines)) <= MOST
    assert len(fitted(lines).splitlines()) == 21


def test_our_own_command_lines_are_no_commands_of_a_chat_and_can_be_copied() -> None:
    said = shown(plain("./cryptoboy up starts it; /cryptoboy does not"))

    assert said.text == "./cryptoboy up starts it; /\u2060cryptoboy does not"
    assert said.found == ()
    assert shown(with_command_lines("see ./cryptoboy news 1")).found == ()
    assert shown("see ./cryptoboy news 1").found == (("command", "/cryptoboy"),)
