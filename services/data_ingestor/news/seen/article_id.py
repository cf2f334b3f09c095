"""The identity of an article: one source's entries at one address are one article.

The id is the first 32 hexadecimal digits of the SHA-256 of

- the source's name in lower case and the canonical link, where the article has one, or else
- the source's name as it is written and the normalised title.

The source is part of the identity because every source chooses the links that it lists: otherwise a feed that lists a
competitor's links first would make the competitor's articles known before they are read, with its own text in their
place. Whether two sources report the same story is decided from the text
(`services/sentiment_analyzer/stories/stories.py`), not here. A renamed source is another source.

A front page is not the address of an article, so a link to one counts as no link. A link that several different entries
of one feed share does not identify them either: see `identity`.

The canonical link omits what does not change the page: scheme, `www.`, user name, default port, trailing slashes, the
order of query parameters, tracking parameters (`utm_*`, `fbclid` and the like), and the fragment, unless it begins with
`!` or `/`, by which one page shows many articles. So the id changes when the publisher moves the article to another
host, path or remaining parameter, and does not change when title, text or date are corrected. Without a link it changes
with the words of the title, but not with their case, punctuation or spacing.

Stored ids depend on this: the poller's record of seen articles, news archives, signals, receipts and stories. A change
here makes every article a new one unless the stored ids are converted; `former_id` serves that.
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
    """The id of an article, 32 hexadecimal digits.

    Args:
        link: the article's address as the feed gives it; empty or unusable is the same as none.
        source: the source's name. With a link, case is ignored, as archives write `CoinDesk`; without one it is not, so
            that ids stored by earlier releases stay valid.
        title: the cleaned title; it counts only without a link.
    """
    canonical = canonical_link(link)
    if is_page(canonical):
        return digest("link", source.casefold(), canonical)
    return digest("title", source, normal_title(title))


def former_id(link: str) -> str:
    """The id that earlier releases gave a linked article, without its source; empty where the id has not changed."""
    canonical = canonical_link(link)
    return digest("link", canonical) if is_page(canonical) else ""


def digest(*parts: str) -> str:
    """The id made of the parts of an identity; the first part names their kind."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:ID_DIGITS]


def is_page(canonical: str) -> bool:
    """Whether a canonical link points to something other than a front page."""
    return not _ONLY_HOST.fullmatch(canonical)


def canonical_link(link: str) -> str:
    """`host[:port]/path[?query][#route]` without what does not change the page; empty if `link` is no web address."""
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
    """The words of a title, case-folded and separated by single spaces; its characters if it has no words."""
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
    """The path in one normal form: characters as themselves where allowed, else as %XX in capitals."""
    path = _CODE.sub(_shortest, _STRAY_PERCENT.sub("%25", path))
    return quote(path, safe=_RESERVED_IN_PATH + "%", errors="replace").rstrip("/")


def _shortest(code: re.Match[str]) -> str:
    character = chr(int(code[1], 16))
    return character if character in _UNRESERVED else code[0].upper()
