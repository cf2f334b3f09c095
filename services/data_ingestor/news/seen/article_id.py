"""Computes article ids. Entries of the same source with the same address are the same article.

The id consists of the first 32 hexadecimal digits of a SHA-256 hash. The hash is computed from

- the source's name in lower case and the canonical link, if the article has a canonical link, or else
- the source's name without a change of case and the normalised title.

The source is part of the identity because every source chooses the links that it lists. Otherwise a feed could list a
competitor's links with its own text before the competitor's feed is read. The competitor's articles would then count
as known and would not be published. Whether two sources report the same story is decided from the text
(`services/sentiment_analyzer/stories/stories.py`), not here. A renamed source counts as another source.

A front page is not the address of an article, so an entry that links to a front page counts as having no link. A link
that several different entries of one feed share does not identify these entries; see `identity`.

The canonical link omits the parts that do not change the page: scheme, `www.`, user name, default port, trailing
slashes, the order of query parameters, tracking parameters (`utm_*`, `fbclid` and the like), and the fragment. A
fragment that begins with `!` or `/` is kept, because some pages select the shown article by it. So the id changes
when the publisher moves the article to another host, path or remaining parameter, and does not change when title,
text or date are corrected. The id of an article without a link changes with the words of the title, but not with
their case, punctuation or spacing.

These ids are stored in the poller's record of seen articles, in news archives, signals, receipts and stories. If the
computation changes, every article becomes a new article unless the stored ids are converted. `former_id` is used for
this conversion.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, quote, urlencode

from services.data_ingestor.news.urls import SCHEMES, route, split_url

ID_DIGITS = 32

TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "hsa_", "_hs")
TRACKING_PARAMETERS = frozenset(
    {
        "fbclid",
        "gclid",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "yclid",
        "twclid",
        "igshid",
        "mc_cid",
        "mc_eid",
    }
    | {"ref", "ref_src", "ref_url", "referrer", "cmpid", "ncid", "feed_item_type", "__twitter_impression"}
)

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WORD = re.compile(r"\w+")
_CODE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ONLY_HOST = re.compile(r"[^/?#]*")
_LEADING_WWW = re.compile(r"^(?:www\.)+")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_RESERVED_IN_PATH = "/:@!$&'()*+,;="


def article_id(link: str, source: str, title: str) -> str:
    """Return the id of an article, 32 hexadecimal digits.

    Args:
        link: the article's address as the feed gives it. An unusable address counts as empty.
        source: the source's name. If there is a link, its case is ignored, because archives write `CoinDesk`. Without
            a link its case counts, so that ids stored by earlier releases stay valid.
        title: the cleaned title, which is used only if there is no link.
    """
    canonical = canonical_link(link)
    if is_page(canonical):
        return digest("link", source.casefold(), canonical)
    return digest("title", source, normal_title(title))


def former_id(link: str) -> str:
    """Return the id that earlier releases computed from the link alone; empty if the computation is unchanged."""
    canonical = canonical_link(link)
    return digest("link", canonical) if is_page(canonical) else ""


def digest(*parts: str) -> str:
    """Return the id computed from the parts of an identity. The first part names the kind of identity."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:ID_DIGITS]


def is_page(canonical: str) -> bool:
    """Whether a canonical link points to something other than a front page."""
    return not _ONLY_HOST.fullmatch(canonical)


def canonical_link(link: str) -> str:
    """Return `host[:port]/path[?query][#route]` without the parts that do not change the page.

    The result is empty if `link` is not a web address.
    """
    parts = split_url(link.strip())
    if parts is None or parts.scheme not in SCHEMES or not parts.hostname:
        return ""
    host = _LEADING_WWW.sub("", parts.hostname.strip("."))
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    query = urlencode(sorted(_meaningful(parts.query)), errors="replace")
    within = route(parts.fragment)
    page = f"{host}{port}{_normal_path(parts.path)}{'?' + query if query else ''}"
    return f"{page}{'#' + _normal_path(within) if within else ''}" if host else ""


def normal_title(title: str) -> str:
    """Return the words of a title, case-folded and separated by single spaces.

    If the title has no words, its characters are returned.
    """
    folded = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(_WORD.findall(folded)) or " ".join(folded.split())


def _meaningful(query: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:  # more than a hundred parameters: keep the query as one
        return [(query, "")]
    return [
        (name, value)
        for name, value in pairs
        if name.lower() not in TRACKING_PARAMETERS and not name.lower().startswith(TRACKING_PREFIXES)
    ]


def _normal_path(path: str) -> str:
    """Return the path in a normal form. Only characters that must be encoded are written as %XX in capitals."""
    path = _CODE.sub(_shortest, _STRAY_PERCENT.sub("%25", path))
    return quote(path, safe=_RESERVED_IN_PATH + "%", errors="replace").rstrip("/")


def _shortest(code: re.Match[str]) -> str:
    character = chr(int(code[1], 16))
    return character if character in _UNRESERVED else code[0].upper()
