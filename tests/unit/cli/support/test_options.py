"""Which variables a command depends on, and which parts it takes by default."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from services.cli.support.options import OF_STORE, choose_parts, settings_for
from services.cli.up import up
from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import BrokerKind, ScorerKind, Settings
from services.launch.addresses import check_names
from services.operations.checks.all import all_checks
from services.operations.connections import broker_hint, store_hint
from services.sentiment_analyzer.scorers.build import build_scorer

SILENT_NAMES = {"rabbitmq", "redis", "ollama"}


@pytest.fixture
def outside_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose resolver knows no name of Compose's, whatever this one says of them."""
    ask = socket.getaddrinfo

    def resolve(host: str, *arguments: object, **named: object) -> object:
        if host in SILENT_NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(host, *arguments, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_command_passes_over_what_it_does_not_use_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRYPTOBOY_ENV_FILE", "")
    for name, value in {
        "OLLAMA_HOST": "a b",
        "STAKE_AMOUNT": "lots",
        "EXCHNAGE": "kraken",
        "REDIS_PORT": "7001",
        "SENTIMENT_SCORER": "oracle",
    }.items():
        monkeypatch.setenv(name, value)
    assert settings_for(uses=OF_STORE).redis_port == 7001
    said = sorted(capsys.readouterr().err.splitlines())
    for line, name in zip(said, ("EXCHNAGE", "SENTIMENT_SCORER", "STAKE_AMOUNT"), strict=True):
        assert line.startswith(f"cryptoboy: ignored, as this command does not use it: {name}")


def test_a_command_is_stopped_by_what_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYPTOBOY_ENV_FILE", "")
    monkeypatch.setenv("REDIS_PROT", "7001")
    with pytest.raises(StopProgram, match=r"REDIS_PROT: no such variable; did you mean REDIS_PORT\?"):
        settings_for(uses=OF_STORE)


@pytest.mark.parametrize(
    ("in_file", "environ", "scorer"),
    [
        ("OLLAMA_HOST=http://gpu:11434", {}, ScorerKind.OLLAMA),
        ("OLLAMA_MODEL=mistral:7b", {}, ScorerKind.OLLAMA),
        ("", {"OLLAMA_MODEL": "mistral:7b"}, ScorerKind.OLLAMA),
        ("OLLAMA_HOST=gpu", {"OLLAMA_HOST": "0.0.0.0"}, ScorerKind.OLLAMA),
        ("OLLAMA_HOST=no host", {}, ScorerKind.OLLAMA),
        ("OLLAMA_HOST=gpu\nSENTIMENT_SCORER=lexicon", {}, ScorerKind.LEXICON),
        ("", {"OLLAMA_HOST": "0.0.0.0"}, ScorerKind.LEXICON),
        ("OLLAMA_HOST=", {"OLLAMA_NUM_PARALLEL": "4"}, ScorerKind.LEXICON),
    ],
)
def test_the_scorer_is_ollama_where_our_own_configuration_names_it(
    in_file: str, environ: dict[str, str], scorer: ScorerKind, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(in_file)
    for broker in (None, BrokerKind.RABBITMQ):
        assert choose_parts(Settings.load(environ, tmp_path / ".env"), broker).sentiment_scorer is scorer


@pytest.mark.usefixtures("outside_compose")
def test_a_name_that_only_compose_knows_is_answered_with_what_to_write() -> None:
    settings = Settings.load(
        {"REDIS_HOST": "redis", "RABBITMQ_HOST": "rabbitmq", "OLLAMA_HOST": "http://ollama:11434"}
    )
    with pytest.raises(StopProgram) as refused:
        check_names(settings)
    for variable, host in (("RABBITMQ_HOST", "rabbitmq"), ("REDIS_HOST", "redis"), ("OLLAMA_HOST", "ollama")):
        line = next(line for line in str(refused.value).splitlines() if line.startswith(variable))
        assert f"write localhost instead of {host} in {variable}" in line
    assert "localhost instead of redis" in store_hint(settings)
    assert "localhost instead of rabbitmq" in broker_hint(settings)
    remedies = " ".join(question.remedy for question in all_checks(settings))
    assert "localhost instead of redis" in remedies
    assert "localhost instead of rabbitmq" in remedies
    scorer = build_scorer(settings)
    with pytest.raises(TryLater, match="localhost instead of ollama in OLLAMA_HOST"):
        scorer.check()
    scorer.close()


def test_a_name_that_is_known_here_is_nobody_elses_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    check_names(Settings.load({"REDIS_HOST": "redis", "RABBITMQ_HOST": "rabbitmq", "OLLAMA_HOST": "ollama"}))


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SENTIMENT_SCORER": "ollama", "OLLAMA_HOST": "a:b"}, "OLLAMA_HOST=a:b"),
        ({"SENTIMENT_SCORER": "openai"}, "set OPENAI_MODEL"),
        ({"SENTIMENT_SCORER": "ensemble", "SENTIMENT_ENSEMBLE": "oracle"}, "SENTIMENT_ENSEMBLE=oracle"),
        ({"SENTIMENT_SCORER": "ollama", "OLLAMA_HOST": "ollama"}, "localhost instead of ollama"),
        ({"BROKER": "rabbitmq", "REDIS_HOST": "redis", "SENTIMENT_SCORER": "lexicon"}, "instead of redis"),
    ],
)
@pytest.mark.usefixtures("outside_compose")
def test_up_says_what_cannot_work_before_it_starts_anything(
    environ: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {**environ, "CRYPTOBOY_ENV_FILE": "", "STATE_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("services.cli.up.refuse_demo_news", lambda *_: None)
    with pytest.raises(StopProgram, match=said):
        up()
    assert list(tmp_path.iterdir()) == []
