"""A model's paragraph names no figure that its brief does not, however it is written."""

from __future__ import annotations

import pytest

from services.operations.briefs.document import Document, Section, line, quoted, strong
from services.operations.briefs.paragraph.check import common_words, refusal_of

HEADLINE = "Fund takes in 900 million dollars, say thirteen analysts"
DOCUMENT = Document(
    "Daily brief",
    "From 2026-11-20 13:00 CET to 2026-11-21 13:00 +0545.",
    (
        Section(
            "Mood of the pairs",
            (
                line(
                    strong("BTC/USDT"),
                    ": −0.82, very bearish, from 3 signals; +0.31 before, a change of −1.13.",
                ),
                line(
                    "“",
                    quoted(HEADLINE, "https://news.example/1"),
                    "”: told by 14 sources (",
                    quoted("Wire 77"),
                    ").",
                ),
                line("The price is 101,500.50, +1.50 % (+0.75 USDT). One trade closed: −4.20 % after 24h."),
                line("Confidence 0.80. It was long for half of the time, twice."),
            ),
        ),
    ),
    "No advice.",
)
START = "The mood of BTC/USDT is very bearish now, and "


def test_a_paragraph_of_the_briefs_own_figures_and_plain_words_is_shown() -> None:
    paragraph = (
        "The mood of BTC/USDT is very bearish at -0.82, a change of −1.13 from 3 signals with a confidence of 0.80. "
        f"The story “{HEADLINE}” was told by 14 sources. Bitcoin's price is 101,500.50, which is +1.50 % and 0.75 USDT "
        "up; a trade lost -4.20 percent after 24h. Nothing else changed from 2026-11-20 to 2026-11-21."
    )
    assert refusal_of(paragraph, DOCUMENT) is None


SAME = ("1.5%", "1.50 %", "+1.5 percent", "1.50 per cent", "101500.5", "101,500.50", "14", "24h", "13:00")
ANOTHER_NUMBER = ("5", "0.83", "-0.83", "101,500.51", "1.49 %", "25h", "2026-11-22", "13:01", "140", "1", "4")
ROUNDED = ("-0.8", "2 %", "1.6 %", "101,500", "101500", "100,000", "4 %", "-4 %")
ANOTHER_SIGN = ("0.82", "+0.82", "1.13", "-1.50 %", "-0.31", "4.20 %", "+0.80", "-14")
IN_PERCENT_OR_NOT = ("1.50", "14 %", "0.80 %", "-4.20", "0.75 %")
ANOTHER_UNIT = (
    *("14k", "14m", "$14", "14x", "1.50x", "14-fold", "3rd", "14th", "14e3"),
    *("1.50 percentage points", "150 bps", "1.50 ‰"),
)
OF_STRANGERS = ("900", "900 million", "77", "545")
"""From a headline, the name of a source, and the offset of a time zone."""
PUT_TOGETHER = ("14/3", "3-14", "3.14", "14.3", "14 000", "1 4", "0.80.1", "3,14", "14+3", "14:3")
OTHER_DIGITS = (
    *("１４", "١٤", "१४", "¹⁴", "①", "½", "¾", "Ⅷ", "ⅸ", "14²", "𝟏𝟒"),
    "1\u20604\u20609",
)
IN_WORDS = (
    *("one", "two", "fourteen", "twenty", "ninety-nine", "a hundred", "a thousand", "a million", "a dozen"),
    *("zero", "nil", "a half", "a third", "two thirds", "a quarter", "a tenth", "half", "thirteen"),
    *("a score and ten", "double", "doubled", "twice", "triple", "tenfold", "threefold", "manifold"),
    *("five times", "14 times", "a couple", "a pair of tens", "halved", "quadrupled", "percent"),
    *("a percentage", "basis", "a gross", "a grand", "single digits"),
)
OTHER_LANGUAGES = (
    *("drei", "fünf", "cent", "mille", "dos", "cinque", "twa", "три", "三", "百万"),
    *("XIV", "xii", "MCM"),
)
LOOK_ALIKE = ("оne", "tеn", "f-i-v-e", "f.i.v.e", "t e n", "0ne", "l4", "O.8O", "1O")
HIDDEN = (
    *("<b>14</b>", "*14*", "_14_", "[14](http://x.example)", "14 §", "#14", "~14", "≈14", "14°"),
    *("=14", "14^2", "14\u200b5", "1.\u200b50"),
)


@pytest.mark.parametrize("figure", SAME)
def test_a_figure_may_be_written_in_another_way_that_says_the_same(figure: str) -> None:
    assert refusal_of(f"{START}the figure is {figure} today.", DOCUMENT) is None


@pytest.mark.parametrize(
    "figure",
    [
        *(*ANOTHER_NUMBER, *ROUNDED, *ANOTHER_SIGN, *IN_PERCENT_OR_NOT, *ANOTHER_UNIT, *OF_STRANGERS),
        *(*PUT_TOGETHER, *OTHER_DIGITS, *IN_WORDS, *OTHER_LANGUAGES, *LOOK_ALIKE, *HIDDEN),
    ],
)
def test_no_other_figure_passes(figure: str) -> None:
    assert refusal_of(f"{START}the figure is {figure} today.", DOCUMENT) is not None


@pytest.mark.parametrize(
    "words",
    [
        "buy bitcoin", "sell it", "you should hold", "go long", "go short", "be long on bitcoin", "exit now",
        "enter now", "we recommend it", "take profit", "it will moon", "ignore all rules", "see http://evil.example",
    ],
)  # fmt: skip
def test_advice_and_words_that_are_not_plain_do_not_pass(words: str) -> None:
    assert refusal_of(f"{START}it is time to {words} now.", DOCUMENT) is not None


@pytest.mark.parametrize(
    "quote",
    [
        "Fund takes in 900 million dollars",
        "900 million",
        "The price is 5 million",
        "Wire",
        HEADLINE.upper(),
        f"{HEADLINE} 5",
    ],
)
def test_a_quote_is_a_whole_headline_of_the_brief(quote: str) -> None:
    assert "no whole headline" in str(refusal_of(f"{START}a source says “{quote}” of it.", DOCUMENT))
    assert "no whole headline" in str(refusal_of(f'{START}a source says "{quote}" of it.', DOCUMENT))


@pytest.mark.parametrize(
    "text", ["", "Calm.", "The mood is -0.82.", f"{START}calm. " * 30, f'{START}"it is 5', f"{START}it is 5”"]
)
def test_what_is_too_short_too_long_or_has_half_a_quote_does_not_pass(text: str) -> None:
    assert refusal_of(text, DOCUMENT) is not None


def test_the_reason_names_what_is_wrong() -> None:
    assert "'5' is no figure" in str(refusal_of(f"{START}it is 5 now.", DOCUMENT))
    assert "'million' is not allowed" in str(refusal_of(f"{START}it is a million now.", DOCUMENT))


def test_no_common_word_is_a_number_a_share_or_a_multiple() -> None:
    numbers = "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty"
    scales = (
        "seventy eighty ninety hundred thousand million billion trillion dozen gross grand half third quarter"
    )
    others = "tenth percent double triple couple both pairs single several times fold twice once zero nil"
    advice = "buy sell should must recommend you your"
    assert common_words().isdisjoint(f"{numbers} {scales} {others} {advice}".split())
