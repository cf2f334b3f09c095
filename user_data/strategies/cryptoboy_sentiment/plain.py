"""Makes text from the store fit for one line of a log: anybody may have written it."""

_LONGEST = 200


def one_line(value: object) -> str:
    """At most 200 characters, with a space for each that is not printable: line ends and escape sequences."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])
