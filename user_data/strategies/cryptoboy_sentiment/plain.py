"""Converts text from the store to one log line, because any program may have written the text."""

_LONGEST = 200


def one_line(value: object) -> str:
    """At most 200 characters of the value; unprintable characters (line ends, escapes) become spaces."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])
