"""Where the strategy's settings come from and which it refuses."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from cryptoboy_sentiment import Session, Settings
from cryptoboy_sentiment.mixin.adviser import Adviser
from freqtrade.enums import RunMode


def test_without_configuration_the_store_is_on_this_machine() -> None:
    assert Settings.read({}, {}) == Settings(
        redis_host="localhost", redis_port=6379, redis_password=None, redis_db=0
    )


def test_the_environment_fills_what_the_configuration_leaves_out() -> None:
    environment = {
        "REDIS_HOST": "redis",
        "REDIS_PORT": "7000",
        "REDIS_PASSWORD": "hidden",
        "SENTIMENT_CSV": "history.csv",
    }
    read = Settings.read({"redis_port": 7001}, environment)
    assert (read.redis_host, read.redis_port, read.redis_password) == ("redis", 7001, "hidden")
    assert read.sentiment_csv == "history.csv"


def test_empty_variables_and_nulls_count_as_not_given() -> None:
    environment = {"REDIS_HOST": "", "REDIS_PORT": "", "REDIS_PASSWORD": ""}
    assert Settings.read({"redis_host": None, "redis_password": ""}, environment) == Settings(
        redis_password=""
    )


def test_the_address_that_kubernetes_gives_a_service_named_redis_is_no_port() -> None:
    assert Settings.read({}, {"REDIS_PORT": "tcp://10.96.0.12:6379"}) == Settings()


def test_a_strategy_that_says_nothing_of_news_is_kept_from_entering_on_bad_news() -> None:
    read = Settings.read({}, {})
    assert (read.use, read.on_unreadable, read.veto_below) == (("veto",), "block", -0.3)
    assert read.stand_aside == {"hack": 24, "delisting": 24, "withdrawal_halt": 24}


def test_the_lists_and_objects_of_a_configuration_file_are_read() -> None:
    section = {"use": ["exit", "size"], "exit_on": ["hack", "depeg"], "stand_aside": {"hack": 0.5}}
    read = Settings.read(section, {"SENTIMENT_FROM": "here"})
    assert (read.use, read.exit_on, read.stand_aside) == (("exit", "size"), ("hack", "depeg"), {"hack": 0.5})


def test_a_section_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match="cryptoboy is 'veto', expected an object"):
        Settings.read("veto", {})  # type: ignore[arg-type]  # as a configuration file may have it


def test_the_password_is_not_shown() -> None:
    assert "hidden" not in repr(Settings(redis_password="hidden"))


@pytest.mark.parametrize(
    ("section", "environment", "message"),
    [
        ({"redis_hots": "x"}, {}, r"cryptoboy\.redis_hots is unknown; allowed are redis_host, "),
        ({"redis_port": 0}, {}, r"redis_port is 0, expected a whole number from 1 to 65535"),
        ({"redis_port": True}, {}, r"redis_port is True, expected"),
        ({}, {"REDIS_PORT": "none"}, r"redis_port is 'none', expected"),
        ({"redis_db": -1}, {}, r"redis_db is -1, expected"),
        ({"redis_tls": "no"}, {}, r"redis_tls is 'no', expected true or false"),
        ({"allow_degraded": 1}, {}, r"allow_degraded is 1, expected true or false"),
        ({"staleness_hours": 0}, {}, r"staleness_hours is 0, expected a number above 0"),
        ({"staleness_hours": float("nan")}, {}, r"staleness_hours is nan"),
        ({"staleness_hours": "4"}, {}, r"staleness_hours is '4'"),
        ({"veto_belw": -0.2}, {}, r"cryptoboy\.veto_belw is unknown; .*; did you mean veto_below\?$"),
        (
            {"use": ["veto", "exlt"]},
            {},
            r"use is 'exlt', expected a list of .*, size, .*; did you mean exit\?$",
        ),
        ({"use": "veto"}, {}, r"use is 'veto', expected a list of one or more of veto, "),
        ({"use": []}, {}, r"use is \[\], expected a list of one or more of veto, "),
        ({"veto_below": -1.01}, {}, r"veto_below is -1.01, expected a number from -1 to 0$"),
        ({"veto_below": 0.3}, {}, r"veto_below is 0.3, expected a number from -1 to 0$"),
        ({"exit_below": 0.5}, {}, r"exit_below is 0.5, expected a number from -1 to 0$"),
        ({"confirm_above": -0.1}, {}, r"confirm_above is -0.1, expected a number from 0 to 1$"),
        ({"exit_confidence_above": 80}, {}, r"exit_confidence_above is 80, expected a number from 0 to 1$"),
        ({"full_stake_above": float("nan")}, {}, r"full_stake_above is nan, expected a number from 0 to 1$"),
        ({"smallest_stake": 0}, {}, r"smallest_stake is 0, expected a number above 0 and up to 1$"),
        ({"stand_aside": {"hak": 24}}, {}, r"stand_aside is 'hak', expected hours .*; did you mean hack\?$"),
        ({"stand_aside": {"hack": -1}}, {}, r"stand_aside\.hack is -1, expected hours from 0 to 48 for any"),
        ({"stand_aside": {"hack": 49}}, {}, r"stand_aside\.hack is 49, expected hours from 0 to 48 for any"),
        (
            {"exit_on": ["hack", "depegs"]},
            {},
            r"exit_on is 'depegs', expected a list .*; did you mean depeg\?$",
        ),
        ({"on_unreadable": "alow"}, {}, r"on_unreadable is 'alow', expected block or allow$"),
        ({"sentiment_from": "mean"}, {}, r"sentiment_from is 'mean', expected newest or aggregate$"),
        ({"scope": "market"}, {}, r"scope is 'market', expected all or asset$"),
        ({"source": ""}, {}, r"source is not a text with an address or a path; expected redis://HOST:6379/0"),
        ({"source": "  "}, {}, r"source is not a text with an address or a path"),
        ({"source": 5}, {}, r"source is not a text with an address or a path"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    section: dict[str, Any], environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.read(section, environment)


BACKTEST = {"runmode": RunMode.BACKTEST}


@pytest.mark.parametrize(
    "ignored",
    [
        {"use": ["veto"]},
        {"stand_aside": {"hack": 24}},
        {"scope": "asset"},
        {"veto_below": -0.3},  # also where it is the default
    ],
)
def test_a_bot_with_rules_of_its_own_refuses_what_it_would_ignore_and_a_backtest_says_so(
    ignored: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    (name,) = ignored
    said = f"cryptoboy.{name}: only strategies with SentimentMixin"
    with pytest.raises(ValueError, match=re.escape(said)):
        Session({"runmode": RunMode.DRY_RUN, "cryptoboy": ignored}, "15m", oldest=timedelta(hours=4))
    Adviser({**BACKTEST, "cryptoboy": ignored}, "15m", can_short=False)
    assert said not in caplog.text
    Session({**BACKTEST, "cryptoboy": ignored}, "15m", oldest=timedelta(hours=4))
    assert said in caplog.text


def test_a_strategy_with_rules_of_its_own_takes_what_it_reads() -> None:
    read = {"staleness_hours": 2.0, "allow_degraded": True, "exit_on": ["hack"]}
    session = Session({**BACKTEST, "cryptoboy": read}, "15m", oldest=timedelta(hours=4))
    assert session.settings.exit_on == ("hack",)


@pytest.mark.parametrize("name", ["cryptobot", "crypto_boy", "Cryptoboy", "cryptoboys"])
def test_a_misspelt_name_of_the_section_ends_the_start(name: str) -> None:
    with pytest.raises(ValueError, match=f"the configuration has {name}, .* did you mean cryptoboy"):
        Adviser({**BACKTEST, name: {"use": ["exit"]}}, "15m", can_short=False)


def test_without_a_section_and_with_what_freqtrade_has_the_defaults_count() -> None:
    others: dict[str, Any] = {
        name: {} for name in ("exchange", "telegram", "api_server", "cryptoboy_inputs", "crypto")
    }
    assert Adviser({**BACKTEST, **others}, "15m", can_short=False).settings.use == ("veto",)
