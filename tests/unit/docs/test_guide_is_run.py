"""Everything that docs/operating.md says to type is run by a test, or named here with the reason why not."""

from __future__ import annotations

from collections import Counter

from tests.support.docs.guide import everything_to_type, names_that_tests_run, typed_blocks

_SYSTEMD = "needs systemd and Debian 12's packages; the units are read by systemd-analyze"
_ELSEWHERE = "asks a server on the internet"
_LOOKS = "a look at the machine: it prints, and changes nothing"
_UP = "the road without containers, which tests/e2e, tests/long and tests/integration/cli run"
_WITH_FILE = "it is run with a file that is mounted"

NOT_RUN = {
    "./cryptoboy": "the name of the command line",
    "systemctl restart cryptoboy-notifier": _SYSTEMD,
    "./cryptoboy why --last": "tests/unit/cli/test_commands_of_the_history.py runs these on a history of its own",
    "docker compose -f docker-compose.production.yml": "the beginning of every command",
    "scripts/pin_images.py": _ELSEWHERE,
    "docker network prune": "removes networks of other projects from the engine",
    "ssh -L 3000:localhost:3000 SERVER": "needs a second machine",
    "mkdir -p /etc/systemd/system/epmd.socket.d": _SYSTEMD,
    "useradd --system --home-dir /var/lib/cryptoboy --shell /usr/sbin/nologin cryptoboy": _SYSTEMD,
    "install -d /etc/rabbitmq/conf.d /etc/rabbitmq/generated /etc/redis/generated /etc/redis/cryptoboy": _SYSTEMD,
    "cp deploy/systemd/cryptoboy.env /etc/cryptoboy/cryptoboy.env": _SYSTEMD,
    "ss -Hltnp | grep -v -e '127\\.0\\.0\\.' -e '\\[::1\\]'": _LOOKS,
    "export RABBITMQ_USER=operator RABBITMQ_PASS_FILE=/etc/cryptoboy/secrets/rabbitmq_operator"
    " RABBITMQ_DECLARE=false": _SYSTEMD,
    "ollama pull mistral:7b": _ELSEWHERE,
    "systemctl enable --now cryptoboy-sentiment-processor@8113": _SYSTEMD,
    "systemctl reload prometheus": _SYSTEMD,
    "./cryptoboy deploy rabbitmq-definitions --secrets /etc/cryptoboy/secrets"
    " --out /etc/rabbitmq/generated/definitions.json &&": _SYSTEMD,
    "systemctl restart redis-server": _SYSTEMD,
    "scripts/copy_sqlite.py": "deploy/backup.sh runs it",
    "./cryptoboy evaluate": _WITH_FILE,
    "./cryptoboy evaluate --labelled headlines.csv": _WITH_FILE,
    "./cryptoboy doctor": _UP,
    "chmod a+r report.html": "nothing of ours",
    "redis-cli -s var/redis-6379.sock": _UP,
    'sqlite3 trades-live.sqlite ".backup copy.sqlite"': _SYSTEMD,
    "scripts/poll_feeds.py": "tests/integration/devtools/fuzzing runs it on saved feeds",
    "./cryptoboy bench processor_llm --llm-url URL": _UP,
    "./cryptoboy backtest --help": _UP,
    "./cryptoboy up": _UP,
    "curl -s localhost:8103/health": _UP,
    "compose up -d --force-recreate": "tests/containers/operation/test_tls_overlay.py does it",
    "compose run --rm operator doctor": "tests/containers/operation/test_operator.py does it",
    "./cryptoboy queues": "the guide's example of what `compose run --rm operator` runs, which is run",
    "./cryptoboy test tests/containers": "runs these tests",
    "./cryptoboy up --help": _UP,
    "df -h": _LOOKS,
    "docker system df": _LOOKS,
    "alias as-api='runuser -u cryptoboy -- env STATE_DIR=/var/lib/cryptoboy/history CRYPTOBOY_ENV_FILE="
    " PYTHONPATH=/opt/cryptoboy:/opt/cryptoboy/user_data/strategies .venv/bin/python -P -m'": _SYSTEMD,
    "redis-check-aof --fix": "for a damaged file; restoring it is run",
}


def test_what_the_guide_says_to_type_is_run_by_a_test_or_has_a_reason() -> None:
    said = {each.name for each in everything_to_type()}
    assert said - names_that_tests_run() - NOT_RUN.keys() == set()
    assert NOT_RUN.keys() - said == set(), "reasons for what the guide does not say any more"
    assert NOT_RUN.keys() & names_that_tests_run() == set(), "it is run after all"


def test_no_two_blocks_begin_alike_so_that_each_has_a_name() -> None:
    assert [name for name, count in Counter(typed_blocks()).items() if count > 1] == []


def test_blocks_and_commands_are_found() -> None:
    found = {each.name: each for each in everything_to_type()}
    assert found["compose restart alertmanager"].section == "With Docker"
    assert found["./cryptoboy secrets init"].text.count("\n") == 2
