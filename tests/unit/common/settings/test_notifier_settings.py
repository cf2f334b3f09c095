from __future__ import annotations

import pytest
from pydantic import SecretStr

from services.common.settings.notifier import named_urls

PHONE, MAIL = "json://127.0.0.1/a?to=me", "mailto://user:hunter2@example.org?to=me@example.org"


@pytest.mark.parametrize(
    "text",
    [
        f"phone={PHONE}\nmail={MAIL}",
        f"phone={PHONE} mail={MAIL}",
        f"# my phone\nphone = {PHONE}\n\n  # mail = of the office\nmail= {MAIL}",
    ],
)
def test_channels_are_written_one_a_line_or_with_spaces_between(text: str) -> None:
    assert named_urls(SecretStr(text)) == {"phone": PHONE, "mail": MAIL}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAIL, "each channel is written as NAME=URL"),
        (f"mail={MAIL} mail={MAIL}", "the channel mail is there twice"),
        (f"telegram={MAIL}", "telegram is the name of the channel of NOTIFY_TELEGRAM_TOKEN"),
    ],
)
def test_what_names_no_channel_is_refused_without_its_url(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        named_urls(SecretStr(text))
    assert "hunter2" not in str(refused.value)
