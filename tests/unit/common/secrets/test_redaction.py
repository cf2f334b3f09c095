"""A secret is hidden however it is written and in whatever pieces; nothing else is lost or changed."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.secrets.redaction import HIDDEN, RedactedStream, redactor

SECRET = "Pa/ss+w\"or'd ü&x"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(SECRET).replace("/", "\\/"),
        repr(SECRET),
        repr(SECRET.encode()),
        "Pa/ss%2Bw%22or%27d%20%C3%BC%26x",
        "Pa%2Fss%2Bw%22or%27d+%C3%BC%26x",
        "Pa/ss+w&quot;or&#x27;d ü&amp;x",
        "UGEvc3MrdyJvcidkIMO8Jng=",
    ],
)
def test_a_secret_is_hidden_however_it_is_written(written: str) -> None:
    shown = redactor([f" {SECRET}\n"])(f"asked with {written}, and refused")
    assert HIDDEN in shown
    assert "Pa" not in shown
    assert shown.startswith("asked with ")
    assert shown.endswith(", and refused")


def test_a_short_secret_is_hidden_as_a_word_and_cuts_none() -> None:
    redact = redactor(["1234", "abc"])
    assert redact("pin 1234, order 12345, 81234, abc") == "pin ***, order 12345, 81234, abc"


def test_credentials_of_a_url_that_nobody_knew_are_hidden() -> None:
    shown = redactor([])("redis://:hush@cache:6379 http://a:b@host/x https://site/@user amqp://host")
    assert shown == "redis://***@cache:6379 http://***@host/x https://site/@user amqp://host"


def test_each_line_of_a_key_in_a_file_is_hidden() -> None:
    key = "-----BEGIN KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nCCqGSM49AwEHBG0wawIBAQ\n-----END KEY-----"
    shown = redactor([key])("| MIGHAgEAMBMGByqGSM49AgEG |\n| CCqGSM49AwEHBG0wawIBAQ |")
    assert shown == "| *** |\n| *** |"


@given(
    st.lists(st.sampled_from(["s", "sec", "ret", "-se", "cret", "secret-text", "x", "\n"]), max_size=12),
    st.data(),
)
def test_pieces_and_flushes_change_nothing_of_what_is_shown(pieces: list[str], data: st.DataObject) -> None:
    whole = "".join(pieces)
    to = io.StringIO()
    stream = RedactedStream(to, ["secret-text"])
    for piece in pieces:
        assert stream.write(piece) == len(piece)
        if data.draw(st.booleans()):
            stream.flush()
    stream.write("\n")
    assert "secret-text" not in to.getvalue()
    # Of a secret that was flushed in pieces its first three characters may be there.
    assert _shortened(to.getvalue()) == _shortened(whole.replace("secret-text", HIDDEN) + "\n")


def _shortened(text: str) -> str:
    for begun in ("sec***", "se***", "s***"):
        text = text.replace(begun, HIDDEN)
    return text


@pytest.mark.parametrize("after", [" ", "x", "secret-text"])
def test_a_secret_that_ends_as_another_begins_is_hidden_at_once(after: str) -> None:
    to = io.StringIO()
    stream = RedactedStream(to, ["secret-text", "text-of-another"])
    for piece in ("secret", "-text", after, "\n"):
        stream.write(piece)
        stream.flush()
    assert to.getvalue() == f"{HIDDEN}{after.replace('secret-text', HIDDEN)}\n"


def test_bytes_are_redacted_as_well() -> None:
    to = io.StringIO()
    RedactedStream(to, ["secret-text"]).buffer.write("ü secret-text".encode())
    assert to.getvalue() == "ü ***"
