from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.common.errors import StopProgram
from services.common.history.sql.engine import writable
from services.common.services import SERVICES
from services.common.settings.history import url_of
from services.common.settings.secrets import secret_variables
from services.common.settings.settings import Settings
from services.launch.stack import Stack

SECRET = "hunter2-hunter2"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


TEXTS = tuple(
    name
    for name in secret_variables(Settings.model_fields)
    if name not in {"EXCHANGE_CONFIG", "HISTORY_URL", "NOTIFY_URLS"}
)


@pytest.mark.parametrize("name", TEXTS)
def test_every_secret_can_stand_in_a_file(name: str, file: Path) -> None:
    assert getattr(Settings.load({f"{name}_FILE": str(file)}), name.lower()).get_secret_value() == SECRET


def test_the_address_of_the_history_is_a_secret_that_can_stand_in_a_file(file: Path) -> None:
    file.write_text(f"postgresql+psycopg://user:{SECRET}@db.example/history\n")
    settings = Settings.load({"HISTORY_URL_FILE": str(file)})
    assert settings.history_url is not None
    assert settings.history_url.get_secret_value() == file.read_text().strip()
    assert SECRET not in f"{settings} {settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize("url", [f"mysql://user:{SECRET}@db/x", SECRET, f"redis://{SECRET}", "sqlite://x"])
def test_an_address_of_another_kind_of_database_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(StopProgram, match=r"HISTORY_URL=\*\*\*: must begin with sqlite:///") as refused:
        Settings.load({"HISTORY_URL": url})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "rest",
    [
        f"cryptoboy:{SECRET}",
        f"cryptoboy:12/{SECRET}",
        f"cryptoboy/{SECRET}@db/x",
        f"user:pa@{SECRET}@db:1/x",
        f"user:pa@{SECRET}/x@db/x",
        f"user:pa@{SECRET}?x=y@db/x",
        f"user:12/pa@{SECRET}@db/x",
        f"user:pa@{SECRET}",
        f"user:{SECRET}@db:port/x",
        f"user:{SECRET}@[::1/x",
        f"user:{SECRET}@db/",
        SECRET,
        "",
    ],
)
def test_an_address_whose_password_would_be_taken_for_another_part_is_refused_and_not_repeated(
    rest: str,
) -> None:
    for scheme in ("postgresql", "postgresql+psycopg"):
        with pytest.raises(StopProgram, match=r"HISTORY_URL=\*\*\*: is no URL postgresql.*%XX") as refused:
            Settings.load({"HISTORY_URL": f"{scheme}://{rest}"})
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://user:{SECRET}@db:65536/x", "a port that is not between 1 and 65535"),
        (f"postgresql+psycopg://user:{SECRET}@db:0/x", "a port that is not between 1 and 65535"),
        (f"postgresql+psycopg://user:{SECRET}@db:1234567/x", "a port that is not between 1 and 65535"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
    ],
)
def test_an_address_of_the_history_that_can_never_be_used_is_refused_at_the_start(
    url: str, said: str
) -> None:
    with pytest.raises(StopProgram, match=said) as refused:
        Settings.load({"HISTORY_URL": url})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        (f"user:{SECRET}@db:5433/x", "db:5433/x"),
        (f"user:/#?:{SECRET}@db/x", "db:5432/x"),
        (f"user:12/{SECRET}#?x=y@db/x?sslmode=require", "db:5432/x"),
        (f"user:%40{SECRET}@[::1]:1/x", "::1:1/x"),
        (f"user:{SECRET}@/x?host=/run/postgresql", "localhost:5432/x"),
        ("user@db/x", "db:5432/x"),
    ],
)
def test_the_place_of_the_history_never_shows_its_password(rest: str, place: str) -> None:
    settings = Settings.load({"HISTORY_URL": f"postgresql+psycopg://{rest}"})
    database = writable(url_of(settings.history_url, settings.state_dir))
    assert database.place == place
    if SECRET in rest:
        assert SECRET in str(database.engine.url.password)


def test_the_configuration_of_the_exchange_is_a_secret_that_can_stand_in_a_file(file: Path) -> None:
    file.write_text(json.dumps({"apiKey": SECRET, "options": {"defaultType": "spot"}}))
    settings = Settings.load({"EXCHANGE_CONFIG_FILE": str(file)})
    assert settings.exchange_config.get_secret_value()["apiKey"] == SECRET
    assert json.loads(settings.environment()["EXCHANGE_CONFIG"])["apiKey"] == SECRET
    assert SECRET not in f"{settings} {settings!r} {settings.model_dump_json()} {settings.model_dump()}"


def test_an_empty_file_of_the_exchanges_configuration_is_an_empty_one(file: Path) -> None:
    file.write_text("\n")
    assert Settings.load({"EXCHANGE_CONFIG_FILE": str(file)}).exchange_config.get_secret_value() == {}


@pytest.mark.parametrize(
    "text", [f'{{"apiKey": "{SECRET}"', f'["{SECRET}"]', f'"{SECRET}"', SECRET, f"{{'apiKey': '{SECRET}'}}"]
)
def test_a_malformed_configuration_of_the_exchange_is_not_repeated(text: str, file: Path) -> None:
    file.write_text(text)
    for given in ({"EXCHANGE_CONFIG": text}, {"EXCHANGE_CONFIG_FILE": str(file)}):
        with pytest.raises(StopProgram, match=r"EXCHANGE_CONFIG=\*\*\*: .*JSON object") as refusal:
            Settings.load(given)
        assert SECRET not in str(refusal.value)


def test_a_value_that_code_gives_wrongly_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(exchange_config=SECRET, redis_port=SECRET)
    assert SECRET not in str(refusal.value)


def test_a_secret_said_twice_is_refused_and_not_repeated(file: Path) -> None:
    with pytest.raises(StopProgram, match="REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set") as refusal:
        Settings.load({"REDIS_PASSWORD": "other-secret", "REDIS_PASSWORD_FILE": str(file)})
    assert SECRET not in str(refusal.value)
    assert "other-secret" not in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match=r"REDIS_PASSWORD_FILE=.*nowhere: cannot be read \(No such file"):
        Settings.load({"REDIS_PASSWORD_FILE": str(tmp_path / "nowhere")})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(StopProgram, match="it is no text"):
        Settings.load({"REDIS_PASSWORD_FILE": str(tmp_path / "noise")})


def test_an_empty_file_is_no_secret_and_never_the_default(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    path = str(tmp_path / "empty")
    assert Settings.load({"OPENAI_API_KEY_FILE": path}).openai_api_key is None
    with pytest.raises(StopProgram, match=r"RABBITMQ_PASS_FILE=.*empty: the file is empty"):
        Settings.load({"RABBITMQ_PASS_FILE": path})


def test_a_misspelt_file_variable_is_refused(file: Path) -> None:
    with pytest.raises(
        StopProgram, match="RABBITMQ_PASS_FIL: no such variable; did you mean RABBITMQ_PASS_FILE"
    ):
        Settings.load({"RABBITMQ_PASS_FIL": str(file)})


def test_our_programs_get_the_secret_and_not_the_file_again(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(file))
    settings = Settings.load({"REDIS_PASSWORD_FILE": str(file)})
    stack = Stack(settings, tmp_path)
    for program in (*stack.services(), *stack.watchers()):
        may_have_it = "redis_password" in SERVICES[program.name].secrets
        got = Settings.load(program.environ).redis_password
        assert got == (settings.redis_password if may_have_it else None)
    assert "REDIS_PASSWORD_FILE" not in stack.freqtrade(throttle_seconds=5).environ


@pytest.mark.parametrize(
    "text",
    [
        "your_bot_token",
        "your-api-key",
        "YOUR_API_KEY",
        "<token>",
        "changeme",
        "change_me",
        "xxx",
        "XXXXXXXX",
        "...",
        "***",
        "sk-your-key-here",
        "put_your_key_here",
        "api_key",
        "replace_me",
        "TODO",
        '"your_secret"',
    ],
)
@pytest.mark.parametrize(
    "name", ["BINANCE_API_KEY", "EXCHANGE_SECRET", "TELEGRAM_BOT_TOKEN", "OPENAI_API_KEY"]
)
def test_a_placeholder_of_what_others_issue_is_as_good_as_none(name: str, text: str, tmp_path: Path) -> None:
    assert getattr(Settings.load({name: text}), name.lower()) is None
    (tmp_path / "file").write_text(f"{text}\n")
    assert getattr(Settings.load({f"{name}_FILE": str(tmp_path / "file")}), name.lower()) is None


@pytest.mark.parametrize(
    "text",
    [
        "123456:AAH-yourself",
        "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
        "sk-proj-Xxx1",
    ],
)
def test_what_others_issue_is_no_placeholder(text: str) -> None:
    token = Settings.load({"TELEGRAM_BOT_TOKEN": text}).telegram_bot_token
    assert token is not None
    assert token.get_secret_value() == text


def test_a_password_that_somebody_made_up_is_taken_at_its_word() -> None:
    settings = Settings.load(
        {"RABBITMQ_PASS": "changeme", "REDIS_PASSWORD": "xxx", "TELEGRAM_CHAT_ID": "your_chat_id"}
    )
    assert settings.rabbitmq_pass.get_secret_value() == "changeme"
    assert settings.redis_password is not None
    assert settings.telegram_chat_id is None


def test_a_placeholder_hides_no_secret_that_is_given_elsewhere(file: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BINANCE_API_KEY=your_api_key\nOPENAI_API_KEY=sk-real\n")
    environ = {"BINANCE_API_KEY_FILE": str(file), "OPENAI_API_KEY": "<key>"}
    settings = Settings.load(environ, tmp_path / ".env")
    assert settings.binance_api_key is not None
    assert settings.binance_api_key.get_secret_value() == SECRET
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-real"
