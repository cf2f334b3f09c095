"""No message shows the name and password that an address may hold."""

from __future__ import annotations

import pytest

from services.common.network.credentials import without_credentials


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://user:hunter2@host:8080/v1", "http://***@host:8080/v1"),
        ("http://host", "http://host"),
        ("user:hunter2@host", "***@host"),
        ("http://user:hun://ter2@host", "http://***@host"),
        ("user:hunter2://@host", "***@host"),
        ("http://user:hun@ter2@host", "http://***@host"),
        ("", ""),
        ("h" * 100, "h" * 80),
    ],
)
def test_an_address_is_shown_without_its_credentials(address: str, shown: str) -> None:
    assert without_credentials(address) == shown
