"""The Content-Security-Policy of the pages.

No script, style or request but those of this host is allowed. Plotly needs two exceptions, both for styles: it makes
two `style` elements, whose texts are allowed by their hashes, and it writes `style` attributes into the plots that it
draws. See docs/adr/0043-the-page-is-rendered-by-the-server.md.
"""

from __future__ import annotations

_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""The element that plotly fills rule by rule: its text is empty."""
_MAP_STYLE = "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
"""The style of plotly's maps, which its script adds to every page. Another plotly may have another text."""

OF_PAGES = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {_EMPTY_STYLE} {_MAP_STYLE}",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
