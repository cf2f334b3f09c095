from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from services.cli.support.options import choose_parts
from services.common.errors import StopProgram
from services.common.network.model_addresses import ollama_servers
from services.common.settings.names import COMPOSE_NAMES
from services.common.settings.scoring import parse_ensemble
from services.common.settings.servers import StoreSettings
from services.common.settings.settings import PROJECT_ROOT, BrokerKind, ScorerKind, Settings
from services.sentiment_analyzer.scorers.build import build_scorer


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
        ("BRIEF_AT", "08:00+02:00", "a time of day without a zone"),
        ("NEWS_POLL_INTERVAL", "0", "greater than 0"),
        ("DRY_RUN", "perhaps", "true or false"),
        ("BROKER", "kafka", "'rabbitmq' or 'embedded'"),
        ("SENTIMENT_SCORER", "oracle", "'ollama', 'openai', 'lexicon' or 'ensemble'"),
        ("SENTIMENT_FALLBACK", "panic", "'wait' or 'lexicon'"),
        ("SENTIMENT_CONCURRENCY", "0", "greater than or equal to 1"),
        ("NEWS_MAX_AGE", "-1", "greater than 0"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("EXCHANGE_CONFIG", "{", "JSON object"),
        ("EXCHANGE", "Binance US", "an exchange that ccxt knows, in its spelling"),
        ("STAKE_CURRENCY", "U$", "such as USDT"),
    ],
)
def test_a_malformed_value_is_refused_with_its_name_and_what_is_allowed(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(StopProgram) as caught:
        Settings.load({name: value})
    assert f"{name}=" in str(caught.value)
    assert allowed in str(caught.value)
    assert "[a-z" not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("scorer", "name", "value", "allowed"),
    [
        ("ensemble", "SENTIMENT_ENSEMBLE", "ollama:2,oracle", "ollama, openai, lexicon"),
        ("ensemble", "SENTIMENT_ENSEMBLE", "ensemble", "ollama, openai, lexicon"),
        ("ensemble", "SENTIMENT_ENSEMBLE", "lexicon:nan", "above 0"),
        ("ensemble", "SENTIMENT_ENSEMBLE", "lexicon:much", "a number above 0"),
        ("ensemble", "SENTIMENT_ENSEMBLE", "lexicon,lexicon", "twice"),
        ("openai", "OPENAI_BASE_URL", "http://a/v1,b", "http://localhost:8000/v1"),
        ("ollama", "OLLAMA_HOST", "localhost:port", "localhost:11434"),
        ("ollama", "OLLAMA_TIMEOUT", "long", "a number"),
        ("ensemble", "OLLAMA_HOST", "ftp://host", "localhost:11434"),
    ],
)
def test_what_one_scorer_uses_is_refused_where_it_is_chosen_and_stops_nobody_else(
    scorer: str, name: str, value: str, allowed: str
) -> None:
    settings = Settings.load({name: value, "OPENAI_MODEL": "m", "SENTIMENT_SCORER": scorer})
    with pytest.raises(StopProgram) as caught:
        build_scorer(settings)
    assert f"{name}={value}: " in str(caught.value)
    assert allowed in str(caught.value)
    assert [mistake.field for mistake in settings.unusable] == [name.lower()]
    build_scorer(settings.changed(sentiment_scorer=ScorerKind.LEXICON)).close()
    assert Settings.load(settings.environment()).unusable == ()


def test_a_program_that_says_what_it_uses_is_stopped_by_nothing_else() -> None:
    environ = {"REDIS_PORT": "7000", "STAKE_AMOUNT": "lots", "NEWS_POL_INTERVAL": "1", "RABBITMQ_PORT": "x"}
    settings = Settings.load(environ, uses=StoreSettings.model_fields)
    assert settings.redis_port == 7000
    assert {mistake.field for mistake in settings.unusable} == {
        "stake_amount",
        "news_poll_interval",
        "rabbitmq_port",
    }
    for used in ({"REDIS_PORT": "x"}, {"REDIS_PROT": "7000"}):
        with pytest.raises(StopProgram, match="REDIS_P"):
            Settings.load({**environ, **used}, uses=StoreSettings.model_fields)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(StopProgram) as caught:
        Settings.load({"REDIS_PORT": "x", "DRY_RUN": "x", "NEWS_POL_INTERVAL": "1"})
    for name in ("REDIS_PORT", "DRY_RUN", "NEWS_POL_INTERVAL"):
        assert name in str(caught.value)


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


def test_a_copied_example_file_changes_nothing() -> None:
    copied = Settings.load({}, PROJECT_ROOT / ".env.example")
    assert copied == Settings.load({})
    assert copied.model_fields_set == copied.named_in_file == frozenset()
    assert choose_parts(copied, None) == choose_parts(Settings.load({}), None)


def test_the_example_file_names_every_variable_with_its_default() -> None:
    lines = (PROJECT_ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    shown = dict(line[1:].split("=", 1) for line in lines if re.match(r"#[A-Z]", line))
    assert shown.keys() == {name.upper() for name in Settings.model_fields} | COMPOSE_NAMES
    given = {name: value for name, value in shown.items() if value}
    settings = Settings.load(given)
    assert settings.model_dump(exclude={"news_sources_file"}) == Settings.load({}).model_dump(
        exclude={"news_sources_file"}
    )
    assert settings.unusable == ()
    for name in set(shown) - set(given) - COMPOSE_NAMES:
        assert Settings.model_fields[name.lower()].default is None, f"{name} has a default; show it"


@pytest.mark.parametrize("value", ["user:hunter2@host:port", "http://a,https://user:hunter2@b:port"])
def test_a_password_in_an_address_is_not_repeated(value: str) -> None:
    (mistake,) = Settings.load({"OLLAMA_HOST": value}).unusable
    assert "hunter2" not in mistake.line


def test_a_key_of_a_model_server_is_not_repeated() -> None:
    settings = Settings.load({"OPENAI_API_KEY": "sk-hunter2"})
    assert "hunter2" not in repr(settings)
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-hunter2"


def test_servers_and_members_are_lists_written_with_commas() -> None:
    settings = Settings.load({"OLLAMA_HOST": "http://a:1/, http://b:2,http://a:1"})
    assert ollama_servers(settings.ollama_host) == ("http://a:1", "http://b:2")
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


def test_an_asset_may_be_named_and_is_no_pair_of_a_market() -> None:
    settings = Settings.load({"TRADING_PAIRS": "btc/usdt, sol"})
    assert settings.trading_pairs == ("BTC/USDT", "SOL")
    assert settings.market_pairs == ("BTC/USDT",)
    assert Settings.load(settings.environment()).trading_pairs == ("BTC/USDT", "SOL")


def test_no_validator_of_one_group_of_settings_replaces_that_of_another() -> None:
    """Of two with the same name, the class that has all groups would run only one."""
    groups = [base.__pydantic_decorators__ for base in Settings.__bases__ if issubclass(base, BaseModel)]
    names = [name for each in groups for name in (*each.field_validators, *each.model_validators)]
    assert len(groups) > 5
    assert sorted(names) == sorted(set(names))
