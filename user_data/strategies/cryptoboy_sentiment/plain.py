"""Text of others for a line of a log: the store holds what anybody may have written."""

_LONGEST = 200


def one_line(value: object) -> str:
    """At most 200 characters, with a space for each that is not printable: line ends and escape sequences."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])
