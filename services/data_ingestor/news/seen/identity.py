"""Assigns article ids to the entries of a feed. A link that different entries share identifies none of them.

Some feeds give the same link to all entries (a live page), or links that differ only in parts that the canonical link
omits, such as the fragment or a tracking parameter. If the link alone identified the entries, all but one would count
as known.
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
    """Return the entries that have a title, by their id; see `article_id`.

    If several entries have the same id, the first of them is returned.

    If different articles would share an id, the id of each is computed from its first mark that no other of them has.
    If there is no such mark, the id is computed from title and day.
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
    """Return, by present id, the ids that earlier releases gave to the entries identified by their link."""
    return {
        identity: former_id(entry.link)
        for identity, entry in identified.items()
        if is_page(canonical_link(entry.link)) and identity == article_id(entry.link, source, "")
    }


def _are_different(group: Sequence[Entry]) -> bool:
    """Whether entries that share a link, or that have no link and share a title, are several articles.

    With a link, entries with the same title are one article whatever their dates are. Without a link, the same title
    on another day is another article.
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
