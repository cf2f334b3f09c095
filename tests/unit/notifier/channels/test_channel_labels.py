"""How metrics, logs and /health name a channel."""

from __future__ import annotations

from services.notifier.channels.port import channel_label


def test_a_channel_is_called_by_its_name() -> None:
    assert [channel_label(name) for name in ("phone", "telegram")] == ["phone", "telegram"]


def test_the_label_of_a_chat_has_nothing_of_its_id_and_stays_the_same() -> None:
    first, second = channel_label("telegram:-1009988776655"), channel_label("telegram:7")
    assert first == channel_label("telegram:-1009988776655") == "telegram:b729a673"
    assert first != second
    assert "99887" not in first
