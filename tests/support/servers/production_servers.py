"""RabbitMQ and Redis as private programs, started as production starts them: with the files of `deploy/`."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from services.cli.deploy import render
from services.common.broker.rabbitmq.definitions import definitions
from services.common.broker.rabbitmq.users import password_hash
from services.common.settings.settings import PROJECT_ROOT
from services.common.store.redis.users import acl_file
from services.operations.secrets.certificates import CA_FILE, CERTIFICATE_FILE, KEY_FILE
from services.operations.secrets.files import BROKER_SECRETS, STORE_SECRETS, read_passwords
from tests.support.servers.running import Running
from tests.support.servers.server_control import LOOPBACK, free_ports, rabbitmq_answers, wait_until
from tests.support.servers.server_programs import Program, RabbitProgram, remove_folder

RABBITMQ_FILES = PROJECT_ROOT / "deploy" / "rabbitmq"
REDIS_FILES = PROJECT_ROOT / "deploy" / "redis"
PATIENCE_SECONDS = 60.0


class ProductionRabbit(RabbitProgram, Running):
    """With the configuration, plugins, definitions and users of production; only addresses and paths differ.

    Args:
        secrets: folder of the secrets; with certificates in it if `tls`.
        tls: whether AMQP and management speak TLS only.
    """

    origin = "rabbitmq-server as in production"

    def __init__(self, secrets: Path, *, tls: bool = False, max_length: int = 100_000) -> None:
        super().__init__()
        self._secrets = secrets
        self._tls = tls
        self._max_length = max_length
        self.passwords = read_passwords(secrets, BROKER_SECRETS)
        self.port, self.management_port = self._port, self._management
        self.prometheus_port = self._prometheus

    def programs(self) -> list[Program]:
        """It and its epmd, as far as they were started."""
        return [each for each in (self._server, self._epmd) if each is not None]

    def _write_configuration(self) -> None:
        hashes = {user: password_hash(text, os.urandom(4)) for user, text in self.passwords.items()}
        generated = self._folder / "definitions.json"
        generated.write_text(render(definitions("/", self._max_length, hashes)))
        folder = self._folder / "conf.d"
        folder.mkdir(exist_ok=True)
        chosen = "20-tls.conf" if self._tls else "10-loopback.conf"
        text = (RABBITMQ_FILES / "conf.d" / chosen).read_text().replace("/run/secrets", str(self._secrets))
        (folder / chosen).write_text(text)
        own = {"load_definitions": str(generated), "disk_free_limit.absolute": "50MB"}
        if self._tls:
            own |= {
                "listeners.ssl.default": f"{LOOPBACK}:{self._port}",
                "management.ssl.ip": LOOPBACK,
                "management.ssl.port": str(self._management),
                "prometheus.tcp.ip": LOOPBACK,
            }
        else:
            own |= {
                "listeners.tcp.1": f"{LOOPBACK}:{self._port}",
                "management.tcp.port": str(self._management),
            }
        own["prometheus.tcp.port"] = str(self._prometheus)
        own["collect_statistics_interval"] = "1000"
        (folder / "99-private.conf").write_text("".join(f"{name} = {value}\n" for name, value in own.items()))

    def _environment(self) -> dict[str, str]:
        said_in_the_file = ("RABBITMQ_NODENAME", "RABBITMQ_DIST_PORT", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS")
        usual = super()._environment()
        node, dist, _ = (usual.pop(name) for name in said_in_the_file)
        del usual["ERL_EPMD_ADDRESS"]
        text = (RABBITMQ_FILES / "rabbitmq-env.conf").read_text()
        text = text.replace("rabbit@localhost", node).replace("25672", dist)
        Path(usual["RABBITMQ_CONF_ENV_FILE"]).write_text(text)
        return usual | {
            "RABBITMQ_CONFIG_FILE": str(RABBITMQ_FILES / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(self._folder / "conf.d" / "*.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(RABBITMQ_FILES / "enabled_plugins"),
        }

    def _answers(self) -> bool:
        ca = str(self._secrets / CA_FILE) if self._tls else None
        return rabbitmq_answers(
            LOOPBACK, self._port, self._management, "operator", self.passwords["operator"], ca=ca
        )


class ProductionRedis(Running):
    """With the configuration and users of production; only addresses and paths differ.

    Args:
        verify: whether the certificate is one for loopback, which is then checked.
    """

    def __init__(self, secrets: Path, *, tls: bool = False, verify: bool = True) -> None:
        self._verify = verify
        self.folder = Path(tempfile.mkdtemp(prefix="cryptoboy-redis-"))
        (self.port,) = free_ports(1)
        self.secrets = self._secrets = secrets
        self._tls = tls
        self.passwords: Mapping[str, str] = read_passwords(secrets, STORE_SECRETS)
        self._server: Program | None = None

    def start(self) -> None:
        """Start it, with what it held before."""
        users = self.folder / "users.acl"
        users.write_text(acl_file(self.passwords))
        options = {"aclfile": users, "bind": LOOPBACK, "dir": self.folder, "port": self.port}
        if self._tls:
            files = {"tls-ca-cert-file": CA_FILE, "tls-cert-file": CERTIFICATE_FILE, "tls-key-file": KEY_FILE}
            options |= {name: self._secrets / file for name, file in files.items()}
            options |= {"port": 0, "tls-port": self.port}
        configuration = self.folder / "redis.conf"
        text = (REDIS_FILES / ("tls.conf" if self._tls else "redis.conf")).read_text()
        configuration.write_text(text.replace("/etc/redis/redis.conf", str(REDIS_FILES / "redis.conf")))
        command = [shutil.which("redis-server") or "redis-server", str(configuration)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        self._server = Program(command, dict(os.environ), self.folder / "server.out")
        wait_until("redis-server", self._answers, PATIENCE_SECONDS, self._server.problem)

    def stop(self) -> None:
        """Stop it as its operator would."""
        if self._server:
            self._server.terminate()

    def close(self) -> None:
        """Kill it and remove its folder."""
        if self._server:
            self._server.kill()
        remove_folder(self.folder)

    def programs(self) -> list[Program]:
        """It, once it was started."""
        return [self._server] if self._server else []

    def _answers(self) -> bool:
        import redis

        ca = {
            "ssl": self._tls,
            "ssl_check_hostname": self._verify,
            "ssl_ca_certs": str(self._secrets / CA_FILE),
        }
        try:
            # Health checks need no password.
            with redis.Redis(LOOPBACK, self.port, username="health", password="any", **ca) as client:  # type: ignore[arg-type]  # options of several types
                return bool(client.ping())
        except (OSError, redis.RedisError):
            return False
