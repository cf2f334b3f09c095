"""The parsers that are searched, each with its check, its samples and its limits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from devtools.fuzzing.checks import check_answer, check_feed, check_message
from devtools.fuzzing.json_mutation import mutated
from devtools.fuzzing.seeds import answer_seeds, feed_seeds, message_seeds
from services.common.errors import StopProgram

Mutator = Callable[[bytes, random.Random], bytes | None]


@dataclass(frozen=True, slots=True)
class Target:
    """One parser to search.

    Attributes:
        about: a short description of the parser's input.
        check: the check of `checks` that every input must pass.
        seeds: returns the inputs to begin from.
        max_length: the maximum length of an input in bytes.
        seconds: the time that one input may take in a process in which every branch is counted.
        words: strings from which inputs are composed.
        mutate: changes an input in its own format; if None, only the bytes are changed.
    """

    name: str
    about: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    max_length: int
    seconds: int
    words: tuple[str, ...]
    mutate: Mutator | None = None


_JSON_WORDS = (
    '"',
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "NaN",
    "Infinity",
    "1e999",
    "-0",
    "\\ud800",
    "\\u0000",
)
_FEED_WORDS = (
    "<rss version='2.0'>", "<channel>", "<item>", "</item>", "<title>", "<link>", "<description>", "<pubDate>",
    "<guid isPermaLink='true'>", "<content:encoded>", "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE ", "<!ENTITY ",
    "&lt;", "&#x0;", "&#1114112;", "&nbsp;", "<?xml version='1.0' encoding='", "?>", "utf-16", "utf-7", "idna",
    "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "<updated>", "<content type='xhtml'>", "xml:base='",
    "<script>", "<style>", "<br/>", "<media:content url='", "<dc:date>", "-00:00", "T24:00:00Z", "BTC bitcoin",
)  # fmt: skip  # a table of words

TARGETS = (
    Target(
        "message",
        "bodies of the three messages",
        check_message,
        message_seeds,
        max_length=16_384,
        seconds=10,
        words=_JSON_WORDS,
        mutate=mutated,
    ),
    Target(
        "feed",
        "feeds, from their bytes to articles",
        check_feed,
        feed_seeds,
        max_length=16_384,
        seconds=30,
        words=_FEED_WORDS,
    ),
    Target(
        "answer",
        "answers of a language model",
        check_answer,
        answer_seeds,
        max_length=24_576,
        seconds=10,
        words=(
            *_JSON_WORDS,
            "</think>",
            "```json",
            '"BTC"',
            '"score"',
            '"confidence"',
            '"reason"',
            '"event_type"',
        ),
        mutate=mutated,
    ),
)


def target_named(name: str) -> Target:
    """The target with this name. Raises StopProgram if there is no such target."""
    for target in TARGETS:
        if target.name == name:
            return target
    raise StopProgram(f"there is no target {name!r}; choose of {', '.join(each.name for each in TARGETS)}")
