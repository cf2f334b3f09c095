"""Parses the bytes of a feed into cleaned entries with feedparser. Its input is checked and its output is limited.

Call these functions through `run_isolated`, because the parser has no limits of its own.
"""

from __future__ import annotations

import io
import re
from xml.sax import SAXException  # nosec B406 # only the error type

import feedparser

from services.common.errors import NeverWorks
from services.common.publishers import without_byline, without_publisher
from services.common.text.hidden_text import hides_words
from services.data_ingestor.news.port import MAX_CONTENT, MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE, Entry, Listing
from services.data_ingestor.news.rss.dates import FeedDate, read_date
from services.data_ingestor.news.rss.fetch import Fetched
from services.data_ingestor.news.rss.references import with_valid_references
from services.data_ingestor.news.text import plain_text, reader_text
from services.data_ingestor.news.urls import MAX_URL_LENGTH, split_url, usable_link

_DATE_FIELDS = ("published", "created", "updated")
_FIRST_ELEMENT = re.compile(rb"<[A-Za-z]")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


def parse_feed(fetched: Fetched) -> Listing:
    """Parse a feed of any format and encoding that feedparser supports.

    Raises:
        NeverWorks: the body is empty, is not a feed, or declares entities.
    """
    if not fetched.body.strip(b"\0\t\n\r "):
        raise NeverWorks("is empty")
    refuse_entities(fetched.body)
    headers = {"content-type": fetched.content_type or "application/xml", "content-location": fetched.url}
    try:
        # Sanitizing and resolving links in texts serve HTML; here the texts become plain.
        found = feedparser.parse(
            io.BytesIO(with_valid_references(fetched.body)),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # feedparser does not catch what its decoders raise
        raise NeverWorks(f"cannot be parsed: {type(error).__name__}: {str(error)[:200]}") from error
    problem = found.get("bozo_exception") if found.bozo else None
    # If there are no entries, a warning about encoding or media type means an empty feed, broken XML no feed.
    if not found.entries and (isinstance(problem, SAXException) or not found.version):
        kind = fetched.content_type[:60] or "no content type"
        raise NeverWorks(f"is not a feed ({kind}): {_described(problem) if problem else 'no entries'}")
    return Listing(
        entries=tuple(_entry(entry) for entry in found.entries[:MAX_ENTRIES]),
        left_out=max(len(found.entries) - MAX_ENTRIES, 0),
        warning=_described(problem) if problem else "",
    )


def refuse_entities(body: bytes) -> None:
    """Raise NeverWorks if the document declares entities. Feeds do not need them, and "XML bombs" consist of them.

    The text before the first element is searched, in any encoding in which ASCII characters are ASCII bytes, with or
    without zero bytes between them.
    """
    text = _COMMENT.sub(b"", body.replace(b"\0", b""))
    first = _FIRST_ELEMENT.search(text)
    head = text[: first.start()] if first else text
    if b"<!ENTITY" in head.upper():
        raise NeverWorks(
            "declares entities in its DOCTYPE, which could expand without limit or include other files; refused"
        )


def _described(problem: Exception) -> str:
    return f"{type(problem).__name__}: {' '.join(str(problem).split())[:200]}"


def _entry(entry: feedparser.FeedParserDict) -> Entry:
    contents = [str(content.get("value") or "") for content in entry.get("content") or ()]
    date = _date(entry)
    texts = (
        reader_text(str(entry.get("title") or ""), MAX_TITLE),
        reader_text(str(entry.get("summary") or ""), MAX_SUMMARY),
        reader_text(max(contents, key=len, default=""), MAX_CONTENT),
    )
    written, summary, content = (each.text for each in texts)
    title = without_publisher(written, *_publisher(entry))
    link = usable_link(str(entry.get("link") or ""))
    marks = [str(dict.get(entry, field) or "").strip()[:MAX_URL_LENGTH] for field in ("id", "link")]
    return Entry(
        title=title,
        link=link,
        summary=without_byline(summary, title, written),
        content=without_byline(content, title, written),
        published=date.exact,
        no_later_than=date.no_later_than,
        written_title=written if written != title else "",
        marks=tuple(mark for mark in marks if mark not in {"", link}),
        hides_text=any(each.is_odd for each in texts)
        or hides_words(" ".join(each.hidden for each in texts), f"{written} {summary} {content}"),
    )


def _publisher(entry: feedparser.FeedParserDict) -> tuple[str, ...]:
    """Return the name and the host that an aggregator states as the source of an entry."""
    source = dict.get(entry, "source") or {}
    host = split_url(str(source.get("href") or ""))
    return plain_text(str(source.get("title") or ""), MAX_TITLE), (host and host.hostname) or ""


def _date(entry: feedparser.FeedParserDict) -> FeedDate:
    """Return the first date with a known time zone; if there is none, the first date without a time zone."""
    # feedparser's own `get` returns another field for a missing one.
    dates = [read_date(str(dict.get(entry, field) or "")) for field in _DATE_FIELDS]
    exact = (date for date in dates if date.exact)
    bounded = (date for date in dates if date.no_later_than)
    return next(exact, None) or next(bounded, FeedDate())
