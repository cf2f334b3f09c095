"""Which entries of a feed are which articles. What several of them share does not identify them.

Some feeds give all entries one link (a live page), or links that differ only in what does not change a page elsewhere:
the fragment, a parameter for tracking. By the link alone all but one would be taken for known.
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
    """The entries that have a title by their id, see `article_id`; of several with one id the first.

    Entries that would share an id and are different articles have one by the first of their marks that none of the
    others has, or else by title and day.
    """
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.title:
            groups[article_id(entry.link, source, _written(entry))].append(entry)
    identified: dict[str, Entry] = {}
    for identity, group in groups.items():
        told_apart = _are_different(group)
        for entry in group:
            identified.setdefault(_apart(entry, group, source) if told_apart else identity, entry)
    return identified


def former_ids(identified: Mapping[str, Entry], source: str) -> dict[str, str]:
    """Of entries identified by their link, the ids that they had when the source did not belong to it, by their id."""
    return {
        identity: former_id(entry.link)
        for identity, entry in identified.items()
        if is_page(canonical_link(entry.link)) and identity == article_id(entry.link, source, "")
    }


def _are_different(group: Sequence[Entry]) -> bool:
    """Whether entries of one link, or of one title without a link, are several articles.

    At a link of its own one title is one article, whenever it is dated; without a link it may recur the next day.
    """
    if is_page(canonical_link(group[0].link)):
        return len({normal_title(_written(entry)) for entry in group}) > 1
    return len({_content(entry) for entry in group}) > 1


def _apart(entry: Entry, group: Sequence[Entry], source: str) -> str:
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
