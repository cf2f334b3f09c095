"""Removes characters from text that control a terminal, reorder the visible letters, or cannot be encoded.

All text that is read, stored or printed has one definition of a control character: C0, DEL and C1 with the escape
sequences that they begin, unpaired surrogates, the line and paragraph separators (U+2028, U+2029), and the embeddings,
overrides and isolates of the bidirectional algorithm. The direction marks (U+200E, U+200F, U+061C), joiners, soft
hyphens and byte order marks are not control characters: ordinary Arabic, Hebrew and emojis contain them, and none of
them overrides the order of letters.
"""

from __future__ import annotations

import re

REORDERING = "\u202a-\u202e\u2066-\u2069"
"""The characters that embed, override or isolate text, as part of a character class of a regular expression."""

LONGEST_SEQUENCE = 4_096
"""The most characters of an escape sequence that contains text, such as a window title or a link's address."""

# ECMA-48: CSI with parameters and a final byte; OSC, DCS, SOS, PM, APC with a text up to their end; any other escape.
# A text without its end is not removed, because two characters could hide the rest of a line otherwise.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    rf"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\r\n]{{0,{LONGEST_SEQUENCE}}}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]+[0-~]"
)
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACING = re.compile(r"[\t\n]+")
_CONTROL = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff{REORDERING}]")


def without_control(text: str, *, lines: bool = False) -> str:
    """`text` without control characters and escape sequences; the module's docstring defines both.

    Args:
        text: a text from any origin and of any length.
        lines: whether it may have several lines. If so, tabs and newlines stay and every other line break becomes a
            newline. If not, each run of tabs and line breaks becomes one space.
    """
    if text.isprintable():
        return text
    text = _BREAK.sub("\n", _SEQUENCE.sub("", text))
    return _CONTROL.sub("", text if lines else _SPACING.sub(" ", text))
