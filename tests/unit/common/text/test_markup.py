from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.text.markup import Seen, is_markup, seen_in
from services.common.text.style import Look, look_within, rules_of


@pytest.mark.parametrize(
    ("markup", "text", "hidden"),
    [
        ("plain", "plain", ""),
        ("a &amp; b", "a & b", ""),
        ("<b>a</b> b", "a b", ""),
        ("a<p hidden>b</p>c", "a c", "b"),
        ("a<!-- b -->c<!-- and no end", "ac", ""),
        ("x < y and y > z", "x < y and y > z", ""),
        ("a &lt;b&gt;bold&lt;/b&gt; word", "a bold word", ""),
        ("x&lt;y and &lt;3", "x<y and <3", ""),
        ("a&lt;p hidden&gt;b&lt;/p&gt;c", "a c", "b"),
    ],
)
def test_markup_is_parted_into_what_is_seen_and_what_is_not(markup: str, text: str, hidden: str) -> None:
    assert seen_in(markup) == Seen(text, hidden)


def test_only_what_may_be_markup_is_read_as_such() -> None:
    assert is_markup("a <b")
    assert is_markup("a &amp; b")
    assert not is_markup("a > b")


@pytest.mark.parametrize(
    ("around", "style", "seen"),
    [
        (Look(), "", True),
        (Look(), "color:#FFFFFF", False),
        (Look(background="000"), "color:white", True),
        (Look(colour="fff"), "background:#fff", False),
        (Look(is_tiny=True), "font-size:1em", False),
        (Look(is_tiny=True), "font-size:12px", True),
        (Look(is_tiny=True), "font-size:medium", True),
        (Look(is_hidden=True), "display:block", False),
        (Look(), "width:0", True),
        (Look(), "overflow:hidden;height:1px", False),
        (Look(), "overflow:visible;height:1px", True),
        (Look(), "color:hsla(0, 0%, 0%, 0)", False),
        (Look(), "color:rgb(10, 20, 30)", True),
    ],
)
def test_what_an_element_shows_follows_from_its_style_and_from_what_is_around_it(
    around: Look, style: str, seen: bool
) -> None:
    assert look_within(around, style).is_seen is seen


def test_the_rules_of_a_style_sheet_are_those_that_always_hold() -> None:
    sheet = "p, .a .B { color:red } @media print { .c { x:y } } @media screen { #d { e:f } } .a:hover {g:h} i.j{k:l}"
    assert {name: text.strip(" ;") for name, text in rules_of(sheet).items()} == {
        "p": "color:red",
        ".b": "color:red",
        "#d": "e:f",
        ".j": "k:l",
    }


PIECES = [
    "<!--", "<![", "<![CDATA[", "<a ", "&", "<b>", "<div style=\'", "</p", "&lt;b&gt;", "<style>.a{", "<script>", "<?",
    "<!", "<title>", "]]>", "&#x", "</", "<a b=\'", "<a \"\' ", "<b a=1 a=1 ", "<p style=a:b style=c:d ", "{",
    "&amp;lt;b>",
    "<style>" + "a{" * 9, "<p style=\'clip-path:polygon(0 0,0 0", "<p style=\'width:1e", "<p style=\'transform:scale(",
]  # fmt: skip  # a table of pieces


@pytest.mark.parametrize("end", ["", ">", "'>", '">'])
@pytest.mark.parametrize("piece", PIECES)
def test_no_markup_takes_long(piece: str, end: str) -> None:
    started = time.process_time()
    seen_in(piece * (40_000 // len(piece)) + end)
    assert time.process_time() - started < 4


SYNTAX = [*"<>/!-&;=\"' pbstyle{}.:#", "hidden", "style=", "display:none", "&lt;", "<p "]


@given(st.lists(st.sampled_from(SYNTAX)).map("".join))
def test_any_markup_is_read(markup: str) -> None:
    seen = seen_in(markup)
    assert len(seen.text) + len(seen.hidden) <= 2 * len(markup) + 2
