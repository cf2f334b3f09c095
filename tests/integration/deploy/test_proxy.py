"""The TLS proxy in front of what speaks none itself: a real Caddy with the deployed file, on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from devtools.servers.programs import Program
from services.common.settings.settings import PROJECT_ROOT
from services.common.tls import TlsFiles, client_context
from services.operations.secrets.certificates import CA_FILE, make_certificates
from services.sentiment_analyzer.scorers.model.chat import PersonNeededError
from services.sentiment_analyzer.scorers.model.ollama import OllamaServer
from tests.support.scoring.scripted_ollama import MODEL, Reply, ScriptedOllama
from tests.support.servers.server_control import LOOPBACK, free_ports, wait_until

pytestmark = pytest.mark.integration
CADDY = Path(sys.executable).with_name("caddy")
FOLDER = PROJECT_ROOT / "deploy" / "proxy"
START_SECONDS = 30.0
PING = "/api/v1/ping"


@dataclass(frozen=True)
class Proxy:
    """Where it listens, and what it may be trusted by."""

    process: psutil.Process
    freqtrade: int
    ollama: int
    ca: Path
    upstream: ScriptedOllama

    def ollama_server(self, ca: Path) -> OllamaServer:
        return OllamaServer(f"https://{LOOPBACK}:{self.ollama}", MODEL, timeout=30, ca_file=ca)


def on_loopback(freqtrade: int, ollama: int, upstream: str, secrets: Path) -> str:
    """The deployed files, both sites in one, with the places of this machine in them."""
    text = (FOLDER / "Caddyfile").read_text()
    sites = "".join((FOLDER / f"{name}.caddy").read_text() for name in ("api", "models"))
    for deployed, here in (
        ("import /etc/caddy/site.caddy", sites),
        (":8443 {", f":{freqtrade} {{\n\tbind {LOOPBACK}"),
        (":11443 {", f":{ollama} {{\n\tbind {LOOPBACK}"),
        ("freqtrade:8080", upstream),
        ("ollama:11434", upstream),
        ("/run/secrets/tls_certificate /run/secrets/tls_key", f"{secrets}/tls_certificate {secrets}/tls_key"),
    ):
        assert text.count(deployed) == 1, deployed
        text = text.replace(deployed, here)
    return text


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    make_certificates(folder)
    freqtrade, ollama = free_ports(2)
    with ScriptedOllama() as upstream:
        upstream.usually(PING, Reply(body=b'{"status": "pong"}'))
        config = folder / "Caddyfile"
        config.write_text(on_loopback(freqtrade, ollama, upstream.url.removeprefix("http://"), folder))
        environ = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
        command = [str(CADDY), "run", "--config", str(config), "--adapter", "caddyfile"]
        program = Program(command, environ, folder / "caddy.out")
        try:
            process = psutil.Process(program.process.pid)
            wait_until("Caddy", lambda: len(listening(process)) == 2, START_SECONDS, program.problem)
            yield Proxy(process, freqtrade, ollama, folder / CA_FILE, upstream)
        finally:
            program.kill()


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    return {
        (each.laddr.ip, each.laddr.port)
        for each in process.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
    }


def test_freqtrades_page_is_reached_over_tls_only(proxy: Proxy) -> None:
    trusted = client_context(TlsFiles("PROXY", proxy.ca))
    answer = httpx.get(
        f"https://localhost:{proxy.freqtrade}{PING}", verify=trusted, timeout=30, trust_env=False
    )
    assert answer.json() == {"status": "pong"}
    asked = len(proxy.upstream.requests)

    plain = httpx.get(f"http://{LOOPBACK}:{proxy.freqtrade}{PING}", timeout=30, trust_env=False)

    assert plain.status_code == httpx.codes.BAD_REQUEST
    assert len(proxy.upstream.requests) == asked


def test_the_model_answers_through_it_and_another_ca_is_not_trusted(proxy: Proxy, tmp_path: Path) -> None:
    with closing(proxy.ollama_server(proxy.ca)) as server:
        server.probe()
        assert server.chat([{"role": "user", "content": "Hello"}], schema=None, max_tokens=16).text == "ok"

    make_certificates(tmp_path)
    with closing(proxy.ollama_server(tmp_path / CA_FILE)) as server, pytest.raises(PersonNeededError):
        server.probe()


def test_it_listens_on_no_other_port(proxy: Proxy) -> None:
    assert listening(proxy.process) == {(LOOPBACK, proxy.freqtrade), (LOOPBACK, proxy.ollama)}
