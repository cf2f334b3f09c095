from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fuzzing import checks
from devtools.fuzzing.checks import (
    MAX_REFUSAL,
    MODELS,
    BrokenPromiseError,
    check_answer,
    check_feed,
    check_message,
)
from devtools.fuzzing.json_mutation import ODD_VALUES, mutated
from devtools.fuzzing.seeds import ANSWERS, FEEDS, MESSAGES, answer_seeds, feed_seeds, message_seeds
from devtools.fuzzing.targets import TARGETS, Target, target_named
from services.common.errors import NeverWorks, StopProgram
from services.common.message_fields import Message
from services.common.messages import NewsArticle, decode
from services.common.values import EventType
from services.data_ingestor.news.port import MAX_TITLE, Entry, Listing
from services.data_ingestor.news.rss.fetch import Fetched
from services.data_ingestor.news.rss.parse import parse_feed
from services.sentiment_analyzer.scorers.port import AssetScore

odd = st.sampled_from(ODD_VALUES) | st.text(max_size=20) | st.integers() | st.floats()


@st.composite
def nearly(draw: st.DrawFn, documents: tuple[dict[str, object], ...]) -> bytes:
    """A valid document in which up to three fields are odd, missing or too many."""
    document = dict(draw(st.sampled_from(documents)))
    for name in draw(st.lists(st.sampled_from([*document, "surprise", ""]), max_size=3)):
        if draw(st.booleans()):
            document[name] = draw(odd)
        else:
            document.pop(name, None)
    return json.dumps(document).encode()


moments = st.datetimes().map(datetime.isoformat)
offsets = st.sampled_from(["", "Z", "+00:00", "+14:00", "-12:00", "+23:59", "-23:59"])


@settings(max_examples=200)
@given(nearly(MESSAGES))
def test_a_message_right_but_for_a_few_fields_is_refused_in_few_words_or_sound(body: bytes) -> None:
    check_message(body)


@given(st.sampled_from(MESSAGES), moments, offsets)
def test_any_moment_of_any_zone_is_a_time_or_refused(
    message: dict[str, object], moment: str, offset: str
) -> None:
    times = {name: f"{moment}{offset}" for name, value in message.items() if str(value).startswith("2026")}
    check_message(json.dumps(message | times).encode())


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("model", MODELS)
def test_a_time_that_no_calendar_has_in_utc_is_refused(moment: str, model: type[Message]) -> None:
    (message,) = [each for each in MESSAGES if each["type"] == model.model_fields["type"].default]
    times = {name: moment for name, value in message.items() if str(value).startswith("2026")}
    with pytest.raises(NeverWorks, match="outside the calendar"):
        decode(json.dumps(message | times).encode(), model)


@pytest.mark.parametrize("change", [{"x" * 500_000: 1}, {"pair": "x" * 500_000}, {"symbol": "x" * 500_000}])
def test_a_refusal_is_short_however_long_a_name_or_a_value_is(change: dict[str, object]) -> None:
    for message in MESSAGES:
        check_message(json.dumps(message | change).encode())


TAGS = """
    rss channel item title link description pubDate guid feed entry updated id content content:encoded b script svg
    media:content dc:date rdf:RDF x
"""
ATTRIBUTES = """
    | type="xhtml"| type="html"| href="x"| xml:base="//["| xmlns="http://www.w3.org/2005/Atom"| isPermaLink="true"
    | version="2.0"| type="application/octet-stream" mode="base64"| =
"""
WORDS = "&lt;b&gt; &#0; &#x110000; <![CDATA[<p>]]> ]]> & http://[ bitcoin \x00"
PROLOGS = """|<?xml version="1.0" encoding="utf-16"?>|<?xml encoding="no-such"?>|<!DOCTYPE x [<!ELEMENT x ANY>]>
|<?xml version="1.1"?>|<?xml version='1.0' encoding='idna'?>|\ufeff|<!--"""


def element(tag: str, attribute: str, inner: list[str], *, closed: bool) -> str:
    return f"<{tag}{attribute}>{''.join(inner)}" + (f"</{tag}>" if closed else "")


markup = st.recursive(
    st.text(max_size=30) | moments | st.sampled_from(WORDS.split(" ")),
    lambda inner: st.builds(
        element,
        st.sampled_from(TAGS.split()),
        st.sampled_from(ATTRIBUTES.strip().split("|")),
        st.lists(inner, max_size=4),
        closed=st.booleans(),
    ),
    max_leaves=12,
)
prologs = st.sampled_from(PROLOGS.split("|"))
damages = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=8)), max_size=4)
encodings = st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "utf-7"])


@settings(max_examples=150)
@given(prologs, markup, encodings)
def test_anything_like_a_feed_gives_valid_articles_or_is_refused(
    prolog: str, inner: str, encoding: str
) -> None:
    text = f'{prolog}<rss version="2.0"><channel><item><title>bitcoin</title>{inner}</item></channel></rss>'
    check_feed(text.encode(encoding, errors="replace"))


@settings(max_examples=150)
@given(st.sampled_from(FEEDS), damages)
def test_a_damaged_feed_gives_valid_articles_or_is_refused(
    feed: str, damage: list[tuple[float, int, bytes]]
) -> None:
    body = feed.encode()
    for place, length, instead in damage:
        at = int(place * len(body))
        body = body[:at] + instead + body[at + length :]
    check_feed(body)


entries = st.fixed_dictionaries(
    {},
    optional={
        "reason": odd,
        "event_type": st.sampled_from([*EventType, "rumour"]) | odd,
        "score": st.integers(-12, 12) | odd,
        "confidence": st.integers(-1, 11) | odd,
    },
)
wrappings = st.sampled_from(
    ["{}", "```json\n{}\n```", "<think>{</think>{}", "{} }", "{{}", "\udcff{}", "{}\x00"]
)


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(["BTC", "ETH", "btc", ""]), entries | odd, max_size=3).map(json.dumps)
    | nearly(ANSWERS).map(bytes.decode),
    wrappings,
)
def test_anything_like_an_answer_gives_scores_in_range_or_is_refused(answer: str, wrapping: str) -> None:
    check_answer(wrapping.replace("{}", answer, 1).encode(errors="surrogateescape"))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_its_own_samples_pass(target: Target) -> None:
    for seed in target.seeds():
        target.check(seed)


def test_the_samples_are_not_all_refused() -> None:
    body = next(iter(message_seeds()))
    assert decode(body, NewsArticle).article_id == "a1b2c3"
    feed = next(iter(feed_seeds()))
    assert parse_feed(Fetched(feed, "application/rss+xml", "https://paper.example/feed")).entries


def raising(error: BaseException) -> Callable[..., object]:
    def parser(*_arguments: object) -> object:
        raise error

    return parser


ENTRY = Entry("x" * (MAX_TITLE + 1), "", "", "", None)


@pytest.mark.parametrize(
    ("check", "parser", "instead"),
    [
        (check_message, "decode", raising(OverflowError())),
        (check_message, "decode", raising(NeverWorks("x" * (MAX_REFUSAL + 1)))),
        (check_message, "decode", raising(NeverWorks(""))),
        (check_feed, "parse_feed", raising(RecursionError())),
        (check_feed, "parse_feed", lambda _fetched: Listing((ENTRY,))),
        (check_answer, "read_answer", raising(KeyError())),
        (check_answer, "read_answer", lambda *_asked: {"DOGE": AssetScore(0.5, 0.5, "")}),
        (check_answer, "read_answer", lambda *_asked: {"BTC": AssetScore(0.5, 0.5, "x" * 201)}),
    ],
)
def test_a_parser_that_breaks_its_promise_is_found_out(
    check: Callable[[bytes], None],
    parser: str,
    instead: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks, parser, instead)
    with pytest.raises((BrokenPromiseError, OverflowError, RecursionError, KeyError)):
        check(b"anything")


@given(st.sampled_from([*message_seeds(), *answer_seeds()]), st.integers())
def test_a_changed_document_is_json_again_unless_it_was_none(seed: bytes, number: int) -> None:
    changed = mutated(seed, random.Random(number))
    if changed is not None:
        json.loads(changed.decode(errors="surrogatepass"))


def test_an_unknown_target_is_answered_with_those_there_are() -> None:
    with pytest.raises(StopProgram, match="message, feed, answer"):
        target_named("sausage")
