from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data_ingestor.news.rss.references import with_valid_references


@pytest.mark.parametrize(
    ("raw", "valid"),
    [
        (b"&#8217; &#x2019; &amp;#1; &#x1F600; &#128512; &#;&#x;", None),
        (b"&#55357;&#56832;", b"&#128512;"),
        (b"&#xD83D;&#xDE00; &#xd83d;&#56832;", b"&#128512; &#128512;"),
        (b"&#55357; up &#xDC00", b"&#65533; up &#65533;"),
        (b"&#56832;&#55357;", b"&#65533;&#65533;"),
        (b"&#1114112;&#x110000;&#99999999999999999999;&#xFFFFFFFFFFFFFFFFF;", b"&#65533;" * 4),
        (b"&#000000000065;&#x00000000041;&#0;", None),
    ],
)
def test_a_number_of_no_character_is_replaced_and_any_other_stays(raw: bytes, valid: bytes | None) -> None:
    assert with_valid_references(raw) == (raw if valid is None else valid)


@given(st.binary(max_size=60) | st.text("&#xXdDcC05678;", max_size=60).map(str.encode))
def test_a_second_time_nothing_is_left_to_replace(raw: bytes) -> None:
    once = with_valid_references(raw)
    assert with_valid_references(once) == once
