from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.common.errors import StopProgram
from services.common.settings import PROJECT_ROOT, BrokerKind, ScorerKind, Settings
from services.common.settings_report import COMPOSE_NAMES
from services.common.settings_scoring import parse_ensemble, split_servers


def test_without_any_variable_the_careful_defaults_hold() -> None:
    settings = Settings.load({})
    assert settings.dry_run is True
    assert settings.trading_pairs == ("BTC/USDT", "ETH/USDT", "BNB/USDT")
    assert (settings.rabbitmq_host, settings.redis_host) == ("localhost", "localhost")
    assert settings.health_host == "127.0.0.1"
    assert settings.signal_cache_ttl == 0


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("NEWS_POLL_INTERVAL=60\nREDIS_PORT=7000  # a comment\n")
    settings = Settings.load({"REDIS_PORT": "7001"}, file)
    assert (settings.news_poll_interval, settings.redis_port) == (60.0, 7001)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("TRADING_PAIRS", "btc-usdt", "BASE/QUOTE"),
        ("TRADING_PAIRS", "BTC/USDT,../x", "BASE/QUOTE"),
        ("TRADING_PAIRS", ",", "pairs, separated by commas"),
        ("CANDLE_TIMEFRAME", "1x", "1m, 15m"),
        ("REDIS_PORT", "99999", "65535"),
        ("RABBITMQ_PORT", "amqp", "a whole number"),
        ("NEWS_POLL_INTERVAL", "0", "greater than 0"),
        ("DRY_RUN", "perhaps", "true or false"),
        ("BROKER", "kafka", "'rabbitmq' or 'embedded'"),
        ("SENTIMENT_SCORER", "oracle", "'ollama', 'openai', 'lexicon' or 'ensemble'"),
        ("SENTIMENT_FALLBACK", "panic", "'wait' or 'lexicon'"),
        ("SENTIMENT_CONCURRENCY", "0", "greater than or equal to 1"),
        ("SENTIMENT_ENSEMBLE", "ollama:2,oracle", "ollama, openai, lexicon"),
        ("SENTIMENT_ENSEMBLE", "ensemble", "ollama, openai, lexicon"),
        ("SENTIMENT_ENSEMBLE", "lexicon:nan", "above 0"),
        ("SENTIMENT_ENSEMBLE", "lexicon:much", "a number above 0"),
        ("SENTIMENT_ENSEMBLE", "lexicon,lexicon", "twice"),
        ("NEWS_MAX_AGE", "-1", "greater than 0"),
        ("OPENAI_BASE_URL", "http://a/v1,b", "OpenAI-compatible"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("EXCHANGE_CONFIG", "{", "JSON object"),
        ("OLLAMA_HOST", "localhost", "URL"),
    ],
)
def test_a_malformed_value_is_refused_with_its_name_and_what_is_allowed(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(StopProgram) as caught:
        Settings.load({name: value})
    assert f"{name}=" in str(caught.value)
    assert allowed in str(caught.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(StopProgram) as caught:
        Settings.load({"REDIS_PORT": "x", "DRY_RUN": "x", "NEWS_POL_INTERVAL": "1"})
    for name in ("REDIS_PORT", "DRY_RUN", "NEWS_POL_INTERVAL"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TRADING_PAIR", "TRADING_PAIRS"),
        ("RABBITMQ_PASSWORD", "RABBITMQ_PASS"),
        ("NEWS_POL_INTERVAL", "NEWS_POLL_INTERVAL"),
    ],
)
def test_a_name_that_looks_like_ours_but_is_not_is_refused_with_the_one_meant(name: str, meant: str) -> None:
    with pytest.raises(StopProgram, match=f"{name}: no such variable; did you mean {meant}"):
        Settings.load({name: "1"})


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "RABBITMQ_NODENAME",
        "OLLAMA_NUM_PARALLEL",
        "REDIS_PORT_6379_TCP",
        "REDIS_SERVICE_HOST",
        "FREQTRADE__DRY_RUN",
    ],
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert Settings.load({name: "whatever"}) == Settings.load({})


def test_in_our_own_file_every_unknown_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SOMETHING_ELSE=1\n")
    with pytest.raises(StopProgram, match="SOMETHING_ELSE: no such variable"):
        Settings.load({}, file)


def test_a_wrong_secret_is_not_repeated() -> None:
    settings = Settings.load({"RABBITMQ_PASS": "hunter2-hunter2"})
    assert "hunter2" not in repr(settings)
    with pytest.raises(StopProgram) as caught:
        Settings.load({"RABBITMQ_PASS": "hunter2-hunter2", "REDIS_PORT": "x"})
    assert "hunter2" not in str(caught.value)


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.load({"REDIS_PASSWORD": "", "NEWS_POLL_INTERVAL": " "}) == Settings.load({})


def test_settings_survive_the_way_through_another_processs_environment() -> None:
    settings = Settings.load(
        {
            "TRADING_PAIRS": "SOL/USDT",
            "REDIS_PASSWORD": "s",
            "EXCHANGE_CONFIG": '{"a": {"b": [1]}}',
            "BROKER": "embedded",
            "STAKE_AMOUNT": "unlimited",
        }
    )
    assert Settings.load(settings.environment()) == settings
    assert settings.broker is BrokerKind.EMBEDDED


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings.load({}).dry_run = False  # type: ignore[misc]  # that it is refused is the point


def test_a_copied_example_file_leaves_the_staleness_to_the_strategy() -> None:
    copied = Settings.load({}, PROJECT_ROOT / ".env.example")
    assert "sentiment_staleness_hours" not in copied.model_fields_set


def test_the_example_file_names_every_variable_with_its_default() -> None:
    lines = (PROJECT_ROOT / ".env.example").read_text().splitlines()
    named = {
        line.lstrip("# ").split("=", 1)[0]
        for line in lines
        if "=" in line and line.lstrip("# ").split("=")[0].isupper()
    }
    assert named == {name.upper() for name in Settings.model_fields} | COMPOSE_NAMES
    written = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert Settings.load(written) == Settings.load({})


def test_a_key_of_a_model_server_is_not_repeated() -> None:
    settings = Settings.load({"OPENAI_API_KEY": "sk-hunter2"})
    assert "hunter2" not in repr(settings)
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-hunter2"


def test_servers_and_members_are_lists_written_with_commas() -> None:
    settings = Settings.load({"OLLAMA_HOST": "http://a:1/, http://b:2,http://a:1"})
    assert split_servers(settings.ollama_host) == ("http://a:1", "http://b:2")
    assert parse_ensemble("ollama: 2, lexicon") == {ScorerKind.OLLAMA: 2.0, ScorerKind.LEXICON: 1.0}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TRADING_PAIRS", "BTC-USDT", "'BTC-USDT' is not a pair; write BASE/QUOTE"),
        ("STAKE_AMOUNT", "lots", "expected a number such as 100, or unlimited"),
        ("STAKE_AMOUNT", "0.00001", "expected 0.0001 or more, or unlimited"),
        ("STAKE_AMOUNT", "inf", "expected 0.0001 or more, or unlimited"),
        ("STAKE_AMOUNT", "nan", "expected 0.0001 or more, or unlimited"),
        ("MAX_OPEN_TRADES", "0", "expected 1 or more, or -1"),
        ("MAX_OPEN_TRADES", "-2", "expected 1 or more, or -1"),
        ("MAX_OPEN_TRADES", "few", "expected a whole number such as 3"),
        ("DRY_RUN", "maybe", "expected true or false"),
    ],
)
def test_a_bad_value_is_told_once_and_in_plain_words(variable: str, value: str, said: str) -> None:
    with pytest.raises(StopProgram) as refused:
        Settings.load({variable: value})
    _, *lines = str(refused.value).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"  {variable}={value}: {said}")


@pytest.mark.parametrize(
    "text", ["btc/usdt,ETH/usdt", " BTC/USDT ; ETH / USDT ", "BTC/USDT ETH/USDT btc/usdt"]
)
def test_pairs_may_be_written_in_small_letters_and_parted_by_commas_semicolons_or_spaces(text: str) -> None:
    assert Settings.load({"TRADING_PAIRS": text}).trading_pairs == ("BTC/USDT", "ETH/USDT")


def test_the_stake_currency_may_be_written_in_small_letters() -> None:
    assert Settings.load({"STAKE_CURRENCY": " eur "}).stake_currency == "EUR"
