"""Finds the secrets that `secrets init` imports from `.env`, and the variables there that production ignores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.common.settings.names import SUFFIX
from services.common.settings.report import refuse
from services.common.settings.secrets import is_placeholder, read_secret_files, secret_variables
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.common.settings.sources import read_env_file, texts_of
from services.launch.freqtrade import exchange_keys

PRODUCTION_FILE = PROJECT_ROOT / "docker-compose.production.yml"
ISSUED = {
    name.lower(): name
    for name in (
        *("OPENAI_API_KEY", *exchange_keys.VARIABLES, "TELEGRAM_BOT_TOKEN", "HISTORY_URL"),
        *("NOTIFY_URLS", "NOTIFY_TELEGRAM_TOKEN"),
    )
}
"""The keys, tokens and addresses that others issue, as a mapping from the name of the file to the variable."""
PASSWORDS = {
    "rabbitmq_operator": "RABBITMQ_PASS",
    "redis_operator": "REDIS_PASSWORD",
    "freqtrade_api": "FREQTRADE_API_PASS",
    "freqtrade_ws": "FREQTRADE_WS_TOKEN",
    "notify_webhook": "NOTIFY_WEBHOOK_TOKEN",
}
"""The variables of the operator's passwords, by the name of the secret's file.

Services do not use the operator's passwords for RabbitMQ and Redis: each service has its own random one.
"""
_READ_BY_COMPOSE = re.compile(r"\$\{([A-Z0-9_]+):[-?]")


@dataclass(frozen=True, slots=True)
class FoundSecrets:
    """The secrets that a `.env` file contains.

    Attributes:
        texts: the secrets by the name of their file.
        notes: a message about each secret that is not imported.
    """

    texts: Mapping[str, str]
    notes: tuple[str, ...]


def find_secrets(env_file: Path) -> FoundSecrets:
    """The secrets in a `.env` file and in the files of its NAME_FILE variables.

    Placeholders and well-known passwords are left out.

    Raises:
        StopProgram: the `.env` file, or a file that it names, cannot be read.
    """
    given = texts_of(read_env_file(env_file), Settings.variables())
    from_files, mistakes = read_secret_files(given, Settings.model_fields)
    refuse(mistakes)
    values = {**given, **from_files}
    default = Settings.model_fields["rabbitmq_pass"].default.get_secret_value()
    texts, notes = {}, []
    for name, variable in {**ISSUED, **PASSWORDS}.items():
        text = values.get(variable, "")
        if not text:
            continue
        if text == default:
            notes.append(
                f"{variable} is the password of development, which production never has; another is made"
            )
        elif is_placeholder(text):
            notes.append(f"{variable} only stands where a secret is to go, and is not taken over")
        else:
            texts[name] = text
    return FoundSecrets(texts, tuple(notes))


def unused_in_production(env_file: Path) -> tuple[str, ...]:
    """The settings of a `.env` file that docker-compose.production.yml does not read, by name."""
    taken = {*ISSUED.values(), *PASSWORDS.values()}
    ours = texts_of(read_env_file(env_file), Settings.variables())
    return tuple(
        name for name in sorted(ours) if name in not_read() and name.removesuffix(SUFFIX) not in taken
    )


def not_read() -> frozenset[str]:
    """The variables that the production file does not read from `.env`."""
    read = frozenset(_READ_BY_COMPOSE.findall(PRODUCTION_FILE.read_text(encoding="utf-8")))
    return Settings.variables() - read


def secrets_left(env_file: Path) -> tuple[str, ...]:
    """The variables of secrets that a `.env` file still contains although production does not read them there."""
    given = texts_of(read_env_file(env_file), Settings.variables())
    return tuple(
        name for name in secret_variables(Settings.model_fields) if name in given and name in not_read()
    )
