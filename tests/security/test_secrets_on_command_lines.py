"""Another user of the machine reads the list of processes, where the arguments of every program stand.

Neither the guides nor what we deploy may have anybody put a secret there: a password is handed over by file, by
standard input, or in the environment of the very program that needs it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT

_SECRET = r"\w*(?:PASS|PASSWORD|SECRET|TOKEN|AUTH|API_KEY|PASSPHRASE)"
LEAKS = {
    "a file's content as an argument": re.compile(
        r"""[\s=]["']?(?:\$\(\s*(?:cat|<)|`cat)\s[^)`]*(?:secret|passw|redis_|rabbitmq_|token|\bkey)"""
    ),
    "a secret variable as an argument of env or docker": re.compile(
        rf"(?:-e|--env|\benv)\s+[\"']?{_SECRET}=\S", re.IGNORECASE
    ),
    "a password for redis-cli": re.compile(r"redis-cli[^|\n]*\s(?:-a|--pass)\s+(?!any\b)\S"),
    "a password in an address": re.compile(
        r"(?:curl|redis-cli|wget|psql)\b[^|\n]*\s\w+://[^\s/:@]*:[^\s/@{}]+@"
    ),
    "a user and password for curl": re.compile(r"curl\b[^|\n]*\s(?:-u|--user)[\s=]*[\"']?[^\s:]+:\S"),
    "a header with a credential": re.compile(r"(?:-H|--header)\s+[\"']Authorization:\s*\w+\s+[^\s$<\"']"),
    "a password for rabbitmqctl": re.compile(
        r"rabbitmqctl\b[^|\n]*\s(?:add_user|change_password|authenticate_user)\s+\S+\s+[^\s`|<]"
    ),
    "a literal for kubectl": re.compile(r"--from-literal"),
}
BAD = {
    'docker exec -e REDISCLI_AUTH="$(cat secrets/redis_operator)" x redis-cli bgsave',
    'redis-cli -a "$(cat secrets/redis_operator)" ping',
    "redis-cli --pass hunter2 ping",
    "docker run --env REDIS_PASSWORD=hunter2 x",
    "env RABBITMQ_PASS=hunter2 ./cryptoboy up",
    "rabbitmqctl add_user news_poller hunter2",
    "rabbitmqctl --vhost / change_password news_poller $(pass show x)",
    "curl -u cryptoboy:cryptoboy123 localhost:15672/api",
    "curl http://cryptoboy:cryptoboy123@localhost:15672/api",
    'curl -H "Authorization: Bearer abc" localhost',
    "kubectl create secret generic x --from-literal=password=hunter2",
    "redis-cli --user operator --pass $(cat secrets/redis_operator) bgsave",
}
GOOD = {
    "redis-cli --user health --pass any --no-auth-warning ping | grep -q PONG",
    "docker exec -i x redis-cli --user operator --askpass bgsave < secrets/redis_operator",
    'REDISCLI_AUTH=$(cat "$secrets/redis_reader")',
    "rabbitmqctl add_user news_poller < secrets/rabbitmq_news_poller",
    "rabbitmqctl add_vhost trading",
    "k freqtrade --from-file=redis-password=secrets/redis_strategy",
    "export REDIS_PASSWORD_FILE=/etc/cryptoboy/secrets/redis_operator",
}
_TEXT = {".md", ".yml", ".yaml", ".service", ".conf", ".sh", ".toml", ".example", ".target", ""}
_PLACES = (
    "README.md",
    "CONTRIBUTING.md",
    ".env.example",
    "docs",
    "deploy",
    "scripts",
    "cryptoboy",
    ".ci",
    "services",
)


def leaks(text: str) -> list[str]:
    """The lines that put a secret on a command line, and in what way. An assignment of the shell is none."""
    return [
        f"{what}: {line.strip()}"
        for line in text.splitlines()
        if not re.fullmatch(r"\s*(?:export )?\w+=\$\(cat [^)]*\)", line)
        for what, pattern in LEAKS.items()
        if pattern.search(line)
    ]


def written() -> list[Path]:
    """The guides, what is deployed, and the programs, whose messages name commands too."""
    found = [*PROJECT_ROOT.glob("docker-compose*.yml")]
    for name in _PLACES:
        place = PROJECT_ROOT / name
        found += [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return [path for path in found if path.suffix in _TEXT | {".py"} and "__pycache__" not in path.parts]


@pytest.mark.parametrize("line", sorted(BAD))
def test_a_secret_on_a_command_line_is_noticed(line: str) -> None:
    assert leaks(f"    {line}")


@pytest.mark.parametrize("line", sorted(GOOD))
def test_a_secret_that_is_handed_over_otherwise_is_none(line: str) -> None:
    assert leaks(f"    {line}") == []


def test_no_guide_and_nothing_that_is_deployed_puts_a_secret_on_a_command_line() -> None:
    found = {
        str(path.relative_to(PROJECT_ROOT)): lines
        for path in written()
        if (lines := leaks(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert found == {}
