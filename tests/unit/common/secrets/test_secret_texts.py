"""Which texts of a configuration are secret: by name, by shape, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.common.secrets.secret_texts import (
    CREDENTIALS,
    public_part,
    secrets_given,
    secrets_in,
    secrets_of,
    secrets_of_urls,
)
from services.common.settings.settings import Settings


@pytest.mark.parametrize(
    "name",
    [
        *(
            "key",
            "apiKey",
            "API_KEY",
            "apikey",
            "secret",
            "secretKey",
            "privateKey",
            "PRIVATE_KEY",
            "passphrase",
        ),
        *("password", "passwd", "token", "ws_token", "accessToken", "jwt_secret_key", "walletAddress", "uid"),
        *(
            "accountId",
            "login",
            "twofa",
            "Authorization",
            "X-MBX-APIKEY",
            "cookie",
            "webhook_url",
            "mnemonic",
            "bearer",
            "sessionId",
            "signature",
            "vaultAddress",
            "agent_address",
            "pem",
            "rsaKey",
            "hmac",
            "2fa",
            "phrase",
        ),
    ],
)
def test_a_key_of_such_a_name_holds_a_secret_at_any_depth(name: str) -> None:
    assert secrets_in({"exchange": [{"ccxt_config": {name: "planted"}}]}) == {"planted"}
    assert secrets_in({name: {"first": ["planted"]}}) == {"planted"}


@pytest.mark.parametrize(
    "data",
    [
        {"telegram": {"keyboard": [["/daily", "/stats"]], "chat_id": "12345678"}},
        {"redis_key_file": "/etc/key", "strategy_path": "/strategies", "pair_whitelist": ["BTC/USDT"]},
        {
            "urls": {"api": {"private": "https://api.example.org/v3"}},
            "enableRateLimit": True,
            "max_tokens": 4096,
        },
        {"webhook": {"format": "json", "entry": {"text": "Buying"}}, "requiredCredentials": {"apiKey": True}},
        {"exchange": {"key": "", "secret": "abc"}},
    ],
)
def test_what_is_no_secret_stays(data: Any) -> None:
    assert secrets_in(data) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://user:planted@host:8080/path", {"planted"}),
        ("socks5://user:plan%40ted@host", {"plan%40ted", "plan@ted"}),
        ("user:planted@host:8080", {"planted"}),
        ("https://planted-token@host", {"planted-token"}),
        ("https://host/?a=1&api_key=planted", {"planted"}),
        ("http://user:plan/ted@host", {"plan/ted"}),
        ("https://host:8080/@writer", set()),
        ("http://host:8080 and nothing else", set()),
    ],
)
def test_credentials_in_urls_are_secret(text: str, found: set[str]) -> None:
    encoded = {
        secret for secret in secrets_of_urls(text) if secret.endswith("=") or secret.startswith("dXNlcjpw")
    }
    assert secrets_of_urls(text) - encoded == found


def test_bearer_tokens_are_found_behind_their_word() -> None:
    assert secrets_in({"Authorization": "Bearer planted"}) == {"Bearer planted", "planted"}


def test_secrets_of_settings_are_those_of_its_fields_its_addresses_and_the_exchanges_configuration() -> None:
    settings = Settings.load(
        {
            "REDIS_PASSWORD": "planted-1",
            "OPENAI_BASE_URL": "http://me:planted-2@host/v1",
            "EXCHANGE_CONFIG": '{"privateKey": "planted-3", "options": {"defaultType": "spot"}}',
        }
    )
    assert {"planted-1", "planted-2", "planted-3", "cryptoboy123"} <= secrets_of(settings)
    assert "spot" not in secrets_of(settings)


def test_what_is_given_is_known_though_it_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("planted-1\n")
    (tmp_path / ".env").write_text("EXCHANGE_SECRET=planted-2\nNO_SUCH_NAME=x\n")
    given = {
        "CRYPTOBOY_ENV_FILE": str(tmp_path / ".env"),
        "EXCHANGE_KEY_FILE": str(tmp_path / "secret"),
        "EXCHANGE_CONFIG": '{"password": "planted-3"',
        "https_proxy": "http://me:planted-4@proxy",
        "FREQTRADE__EXCHANGE__KEY": "planted-5",
        "REDIS_PORT": "many",
        "REDIS_PASSWORD_FILE": str(tmp_path / "nowhere"),
    }
    found = secrets_given(given)
    assert {"planted-1", "planted-2", "planted-4", "planted-5"} <= found
    assert any("planted-3" in text for text in found)


def test_the_tokens_in_addresses_of_channels_are_secret_wherever_they_stand_and_public_names_are_not(
    tmp_path: Path,
) -> None:
    text = "team=discord://12345678901/abcdeFGHIJ\nphone=ntfy://ntfy.sh/a-topic-of-mine hook=json://127.0.0.1:9/x"
    path = tmp_path / "urls"
    path.write_text(text)
    for found in (
        secrets_of(Settings.load({"NOTIFY_URLS": text}, None)),
        secrets_given({"NOTIFY_URLS": text}),
        secrets_given({"NOTIFY_URLS_FILE": str(path)}),
    ):
        assert {"12345678901", "abcdeFGHIJ", "12345678901/abcdeFGHIJ", "a-topic-of-mine"} <= found
        assert not {"ntfy.sh", "127.0.0.1", "127.0.0.1:9", "x", "phone"} & found


def test_the_credentials_of_ccxt_are_those_that_it_names() -> None:
    import ccxt

    assert ccxt.Exchange().requiredCredentials.keys() == CREDENTIALS


def test_the_public_part_of_a_configuration_opens_no_account() -> None:
    config = {
        **dict.fromkeys(CREDENTIALS, "short"), "uid": 7, "timeout": 20_000,
        "headers": {"X-MBX-APIKEY": "planted-key", "User-Agent": "reader"},
        "options": {"list": [{"apiSecret": "planted-secret", "recvWindow": 5_000}]},
        "urls": {"api": {"private": "https://api.example/v3"}}, "httpsProxy": "http://user:password@proxy:3128",
    }  # fmt: skip
    assert public_part(config) == {
        "timeout": 20_000,
        "headers": {"User-Agent": "reader"},
        "options": {"list": [{"recvWindow": 5_000}]},
        "urls": {"api": {"private": "https://api.example/v3"}},
        "httpsProxy": "http://user:password@proxy:3128",
    }
