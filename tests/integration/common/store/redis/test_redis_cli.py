"""The `redis-cli` of Redis's container, as the specification uses it, on a real one with the users of production."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.common.settings.settings import PROJECT_ROOT, Settings
from services.common.store.redis.store import RedisStore
from services.operations.secrets.certificates import CA_FILE, make_certificates
from services.operations.secrets.files import make_secrets
from tests.support.servers.production_servers import ProductionRedis
from tests.support.store.store_samples import NOW, PAIR, make_signal

pytestmark = pytest.mark.integration
Run = Callable[..., str]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProductionRedis]:
    secrets = tmp_path_factory.mktemp("secrets")
    make_secrets(secrets)
    if request.param:
        make_certificates(secrets)
    with ProductionRedis(secrets, tls=request.param) as running:
        settings = Settings(
            redis_host="127.0.0.1",
            redis_port=running.port,
            redis_user="signal_cacher",
            redis_password=SecretStr(running.passwords["signal_cacher"]),
            redis_tls=request.param,
            redis_ca_file=secrets / CA_FILE if request.param else None,
        )
        with closing(RedisStore(settings)) as store:
            store.write([make_signal()], NOW)
        yield running


@pytest.fixture
def redis_cli(server: ProductionRedis, tmp_path: Path) -> Run:
    """The command of the container, with this machine's folders for those of the container."""
    text = (PROJECT_ROOT / "deploy/redis/redis-cli").read_text()
    real = shutil.which("redis-cli")
    text = text.replace("secrets=/run/secrets", f"secrets='{server.secrets}'").replace(
        "real=$(PATH=/usr/local/bin:/usr/bin:/bin && command -v redis-cli)", f"real={real}"
    )
    program = tmp_path / "redis-cli"
    program.write_text(text)
    program.chmod(0o755)

    def run(*words: str, **environ: str) -> str:
        command = [str(program), "-p", str(server.port), *words]
        asked = subprocess.run(
            command, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=30
        )
        return asked.stdout

    return run


def test_the_recipes_of_the_specification_work_as_written(redis_cli: Run) -> None:
    assert redis_cli("ping") == "PONG\n"
    fields = redis_cli("HGETALL", f"sentiment:{PAIR}").splitlines()
    assert {"score", "label", "timestamp", "headline", "source", "article_id"} <= set(fields[::2])
    assert redis_cli("KEYS", "sentiment:*").splitlines() == [f"sentiment:{PAIR}"]
    assert redis_cli("TTL", f"sentiment:{PAIR}") == "-1\n"
    assert "sentiment_signal" in redis_cli("LRANGE", f"sentiment_history:{PAIR}", "0", "9")


@pytest.mark.parametrize(
    "words",
    [
        ("SET", "x", "1"),
        ("DEL", f"sentiment:{PAIR}"),
        ("HSET", f"sentiment:{PAIR}", "score", "1"),
        ("HSET", "trading:holds", "operator", "{}"),
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("EVAL", "return 1", "0"),
        ("SHUTDOWN",),
        ("GET", "something:else"),
    ],
)
def test_whoever_only_looks_can_change_nothing(redis_cli: Run, words: tuple[str, ...]) -> None:
    assert redis_cli(*words).startswith("NOPERM")


def test_a_caller_that_says_who_it_is_is_that_user(redis_cli: Run, server: ProductionRedis) -> None:
    password = server.passwords["operator"]
    assert redis_cli("--user", "operator", "LASTSAVE", REDISCLI_AUTH=password).strip().isdigit()
    assert (
        redis_cli("--user", "operator", "--pass", password, "--no-auth-warning", "LASTSAVE").strip().isdigit()
    )
    assert redis_cli("--user", "health", "--pass", "any", "ping").endswith("PONG\n")
