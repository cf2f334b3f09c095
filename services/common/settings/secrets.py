"""Secrets in separate files, as orchestrators provide them: NAME_FILE is the path of the file with NAME."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.common.files import read_small
from services.common.settings.names import SUFFIX
from services.common.settings.report import Mistake, is_secret

# Texts that examples of configurations have in the place of a key or token.
_PLACEHOLDER = re.compile(
    r"your.*|.*\byour[\W_].*|.*[\W_]here|<.*>|\{.*\}|x{3,}|\*+|\.{3}|…|todo|tbd|placeholder|dummy|example|none|null"
    r"|(change|replace|fill|insert)[\W_]?(me|it|this|in).*|(api[\W_]?)?(key|secret|token)",
    re.IGNORECASE | re.DOTALL,
)
# Passwords that people choose, and that may look like placeholders.
_MADE_UP = frozenset({"rabbitmq_pass", "redis_password"})
# A JSON object, which looks like the placeholder `{key}`. Its content is not examined.
_WRITTEN_AS_JSON = frozenset({"exchange_config"})
_ISSUED_AND_NO_SECRET = frozenset({"telegram_chat_id", "notify_telegram_chats"})


def secret_variables(fields: Mapping[str, FieldInfo]) -> tuple[str, ...]:
    """Return the variables that contain secrets. Each secret may be given as a file instead."""
    return tuple(name.upper() for name, info in fields.items() if is_secret(info))


def read_secret_files(
    given: Mapping[str, str], fields: Mapping[str, FieldInfo]
) -> tuple[dict[str, str], list[Mistake]]:
    """Return the secrets that are given as files, by variable, and the mistakes in the other files.

    An empty file counts as no secret. That is a mistake if a fixed default would be used instead.

    Args:
        given: the variables that are set, with their values.
        fields: the settings by name.
    """
    secrets: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for name in secret_variables(fields):
        path = given.get(name + SUFFIX)
        if not path:
            continue
        if name in given:
            mistakes.append(
                Mistake(name.lower(), f"{name} and {name}{SUFFIX} are both set: keep one of them")
            )
            continue
        try:
            text = read_small(Path(path)).strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            line = f"{name}{SUFFIX}={path}: cannot be read ({why}); name a file that holds the secret"
            mistakes.append(Mistake(name.lower(), line))
            continue
        if text:
            secrets[name] = text
        elif fields[name.lower()].default is not None and not fields[name.lower()].default_factory:
            line = f"{name}{SUFFIX}={path}: the file is empty; write the secret into it"
            mistakes.append(Mistake(name.lower(), line))
    return secrets, mistakes


def is_placeholder(text: str) -> bool:
    """Return whether a text is only a placeholder for a key or token, such as `your_api_key` or `<token>`."""
    return _PLACEHOLDER.fullmatch(text.strip(" \t\r\n\"'")) is not None


def without_placeholders(given: Mapping[str, str], fields: Mapping[str, FieldInfo]) -> dict[str, str]:
    """Return the values by variable, without placeholders for issued keys and tokens. These count as unset."""
    issued = {
        field for field, info in fields.items() if is_secret(info)
    } - _MADE_UP - _WRITTEN_AS_JSON | _ISSUED_AND_NO_SECRET
    return {
        name: text for name, text in given.items() if name.lower() not in issued or not is_placeholder(text)
    }


def reveal(secret: SecretStr | None) -> str:
    """Return the text of a secret, or an empty text if there is no secret."""
    return secret.get_secret_value() if secret is not None else ""
