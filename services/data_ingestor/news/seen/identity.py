"""Assigns article ids to the entries of a feed. A link shared by different entries does not identify them.

Some feeds give all entries one link (a live page), or links that differ only in parts that the canonical link omits:
the fragment, a tracking parameter. By the link alone all but one would count as known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.data_ingestor.news.port import Entry
from services.data_ingestor.news.seen.article_id import (
    article_id,
    canonical_link,
    digest,
    former_id,
    is_page,
    normal_title,
)


def identify(entries: Sequence[Entry], source: str) -> dict[str, Entry]:
    """The entries that have a title, by their id (see `article_id`); the first of several with the same id.

    Different articles that would share an id get one from the first of their marks that no other of them has, or else
    from title and day.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.title:
            groups[article_id(entry.link, source, _written(entry))].append(entry)
    identified: dict[str, Entry] = {}
    for identity, group in groups.items():
        differ = _are_different(group)
        for entry in group:
            identified.setdefault(_distinct_id(entry, group, source) if differ else identity, entry)
    return identified


def former_ids(identified: Mapping[str, Entry], source: str) -> dict[str, str]:
    """For entries identified by their link: the id of earlier releases, without the source, by the present id."""
    return {
        identity: former_id(entry.link)
        for identity, entry in identified.items()
        if is_page(canonical_link(entry.link)) and identity == article_id(entry.link, source, "")
    }


def _are_different(group: Sequence[Entry]) -> bool:
    """Whether entries that share a link, or a title without a link, are several articles.

    With a link, one title is one article whatever its date; without a link, the same title may recur on another day.
    """
    if is_page(canonical_link(group[0].link)):
        return len({normal_title(_written(entry)) for entry in group}) > 1
    return len({_content(entry) for entry in group}) > 1


def _distinct_id(entry: Entry, group: Sequence[Entry], source: str) -> str:
    content = _content(entry)
    others = [other for other in group if _content(other) != content]
    shared = {mark for other in others for mark in _marks(other)}
    own = next((mark for mark in _marks(entry) if mark not in shared), None)
    if own is not None:
        return digest("mark", source, own)
    return digest("title and day", source, *content)


def _marks(entry: Entry) -> tuple[str, ...]:
    return (*entry.marks, entry.link) if entry.link else entry.marks


def _content(entry: Entry) -> tuple[str, str]:
    date = entry.published or entry.no_later_than
    return normal_title(_written(entry)), date.date().isoformat() if date else ""


def _written(entry: Entry) -> str:
    return entry.written_title or entry.title
