"""Decides which web addresses may be fetched and which links are usable, and removes secrets for the log."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from services.common.errors import NeverWorks

MAX_URL_LENGTH = 2_000
SCHEMES = ("http", "https")


def check_url(url: str) -> str:
    """Return `url` if it is an absolute http or https address; else raise ValueError without the address."""
    if len(url) > MAX_URL_LENGTH:
        raise ValueError(f"must not be longer than {MAX_URL_LENGTH} characters")
    if not url.isprintable() or " " in url:
        raise ValueError("must not contain spaces or control characters")
    parts = split_url(url)
    if parts is None or parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("must be an address that begins with http:// or https:// and names a host")
    return url


def split_url(url: str) -> SplitResult | None:
    """Return the parts of `url`, or None if it is not a valid URL (for example because of a bad port)."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # only reading it checks it
    except ValueError:
        return None
    return parts


def usable_link(link: str) -> str:
    """Return the link without user name, and without its fragment unless the fragment is a route.

    The result is empty if the link is unusable or too long.
    """
    parts = split_url(link.strip())
    if parts is None or parts.scheme not in SCHEMES or not parts.hostname:
        return ""
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=route(parts.fragment)).geturl()
    return plain if len(plain) <= MAX_URL_LENGTH and plain.isprintable() else ""


def route(fragment: str) -> str:
    """Return the fragment if a page's script reads it as a path (`#!/a`, `#/a`); else an empty text."""
    return fragment if fragment[:1] in {"!", "/"} and fragment.strip("!/") else ""


def shown(url: str) -> str:
    """Return the address for logs and messages, without user name, password, query and fragment."""
    parts = split_url(url)
    if parts is None or not parts.hostname:
        return "(an address that cannot be read)"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def redirect_target(current: str, location: str) -> str:
    """Return the address to which `current` redirects. `location` may be relative.

    Raises:
        NeverWorks: the target is unusable, is neither http nor https, or is http although `current` is https.
    """
    try:
        target = check_url(urljoin(current, location.strip()))
    except ValueError as error:
        raise NeverWorks(f"redirects to an address that cannot be used: it {error}") from None
    if urlsplit(current).scheme == "https" and urlsplit(target).scheme != "https":
        raise NeverWorks(
            f"the server redirects from https to plain http ({shown(target)}), where others can change the feed"
        )
    return target
