"""One setting says where signals come from; what it means, what contradicts it, and that a password stays hidden."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment import Settings
from cryptoboy_sentiment.opening import history_signals, live_signals

from tests.support.strategy.strategy_samples import PAIR, signal, write_csv

STRATEGIES = Path(__file__).parents[3] / "user_data" / "strategies"
SECRET = "s3cr3t"
WINDOW = timedelta(hours=48)
AT_HOME = {"redis_host": "localhost", "redis_port": 6379, "redis_db": 0, "redis_tls": False}


@pytest.mark.parametrize(
    ("source", "meaning"),
    [
        ("redis://store", {"redis_host": "store", "redis_port": 6379, "redis_db": 0, "redis_tls": False}),
        ("redis://store:7000/3", {"redis_host": "store", "redis_port": 7000, "redis_db": 3}),
        ("redis://[::1]:7000", {"redis_host": "::1", "redis_port": 7000}),
        (
            f"rediss://bot:{SECRET}@store/",
            {"redis_user": "bot", "redis_password": SECRET, "redis_tls": True},
        ),
        (f"redis://:{SECRET}@store", {"redis_user": None, "redis_password": SECRET}),
        ("redis://bot:a%40b%2Fc%23@store", {"redis_password": "a@b/c#"}),
        ("unix:///run/store.sock", {"redis_socket": "/run/store.sock", "redis_db": 0}),
        (f"unix://:{SECRET}@/run/store.sock?db=2", {"redis_password": SECRET, "redis_db": 2}),
        ("signals.csv", {"sentiment_csv": "signals.csv"}),
        (" /data/signals.csv.gz ", {"sentiment_csv": "/data/signals.csv.gz"}),
    ],
)
def test_an_address_means_what_the_older_settings_say(source: str, meaning: dict[str, Any]) -> None:
    read = Settings.read({"source": source}, {})
    assert {name: getattr(read, name) for name in meaning} == meaning


@pytest.mark.parametrize(
    "source",
    [
        f"redis://bot:{SECRET}@store:7000/0",
        f"redis://bot:{SECRET}/x@store",
        f"redis://bot:{SECRET}@store:port",
        f"redis://bot:{SECRET}@store:70000",
        f"redis://bot:{SECRET}#@store",
        f"redis://bot:{SECRET}?@store",
        f"redis://bot:{SECRET}@store/db",
        f"redis://bot:{SECRET}@store?password={SECRET}",
        f"redis://bot:{SECRET}@",
        f"unix://bot:{SECRET}@store/run/store.sock",
        f"unix://bot:{SECRET}@",
        f"unix://bot:{SECRET}@/x.sock?password={SECRET}",
        f"http://bot:{SECRET}@store:8110",
        f"bot:{SECRET}@redis://store",
        f"bot:{SECRET}@store:6379",
        f"redis:/bot:{SECRET}@store",
    ],
)
def test_a_password_in_an_address_is_in_no_error_and_in_no_text_of_the_settings(source: str) -> None:
    try:
        shown = Settings.read({"source": source}, {})
    except ValueError as error:
        text = f"{error!r} {error.__cause__!r}"
        assert "redis://" in text  # the way out
    else:
        text = f"{shown!r} {shown.source} {shown.redis_address}"
    assert SECRET not in text


@pytest.mark.parametrize(
    "section",
    [
        {"redis_host": f"redis://bot:{SECRET}@store"},
        {"redis_socket": f"unix://bot:{SECRET}@/run/store.sock"},
        {"sentiment_csv": f"redis://bot:{SECRET}@store"},
        {"source": [f"redis://bot:{SECRET}@store"]},
    ],
)
def test_an_address_in_the_wrong_place_is_refused_and_not_shown(section: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cryptoboy\.") as refused:
        Settings.read(section, {})
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "ftp://127.0.0.1:8110",
            r"begins with ftp://, which is not known; expected redis://HOST:6379/0, rediss://.* http://HOST:8110",
        ),
        ("http://", r"cannot be read as an address of the API .* expected http://HOST:8110 or https://HOST"),
        ("http://api:8110/?key=1", r"cannot be read as an address of the API"),
        ("http://api:port", r"cannot be read as an address of the API"),
        ("http://api/a b", r"cannot be read as an address of the API"),
        (
            "sqlite:///history.sqlite",
            r"begins with sqlite://, which is not known; .* path of a sentiment CSV",
        ),
        ("file:///data/signals.csv", r"for a file write its path alone"),
        ("localhost:6379", r"neither an address nor the path of a file that ends in \.csv"),
        ("signals.txt", r"neither an address nor the path of a file that ends in \.csv"),
        (
            "redis://store/first",
            r"cannot be read as an address of Redis .* expected redis://USER:PASSWORD@HOST",
        ),
        ("redis://", r"cannot be read as an address of Redis"),
        ("unix://run/store.sock", r"cannot be read as an address of Redis"),
    ],
)
def test_an_address_that_is_not_known_is_refused_with_those_that_are(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.read({"source": source}, {})


@pytest.mark.parametrize(
    "section",
    [
        {"source": "redis://store", "redis_host": "other"},
        {"source": "redis://store", "redis_port": 7000},
        {"source": "redis://store/1", "redis_db": 0},
        {"source": "redis://store", "redis_tls": True},
        {"source": "redis://store", "redis_socket": "/x.sock"},
        {"source": "redis://bot:one@store", "redis_password": "two"},
        {"source": "unix:///x.sock", "redis_host": "store"},
        {"source": "a.csv", "sentiment_csv": "b.csv"},
        {"source": "a.csv", "redis_host": "store"},
        {"source": "http://api:8110", "redis_host": "store"},
        {"source": "http://api:8110", "redis_password": SECRET},
    ],
)
def test_an_address_and_an_older_setting_that_contradict_each_other_are_refused(
    section: dict[str, Any],
) -> None:
    (older,) = section.keys() - {"source"}
    with pytest.raises(
        ValueError, match=rf"cryptoboy\.source and cryptoboy\.{older} contradict each other: keep one"
    ):
        Settings.read(section, {})


@pytest.mark.parametrize(
    "section",
    [
        {"source": "redis://store", "redis_host": "store", "redis_port": 6379},
        {"source": "redis://store", "redis_user": "bot", "redis_password": SECRET},
        {"source": "rediss://store", "redis_ca_file": "/ca.pem", "sentiment_csv": "history.csv"},
        {"source": "a.csv", "sentiment_csv": "a.csv"},
    ],
)
def test_an_older_setting_that_agrees_with_the_address_or_adds_to_it_is_taken(
    section: dict[str, Any],
) -> None:
    read = Settings.read(section, {})
    assert {name: getattr(read, name) for name in section} == section


def test_the_address_wins_over_the_environment_which_may_add_user_and_password() -> None:
    environment = {"REDIS_HOST": "other", "REDIS_PORT": "7000", "REDIS_TLS": "true", "REDIS_SOCKET": "/x"}
    secret = {"REDIS_USER": "bot", "REDIS_PASSWORD": SECRET}
    read = Settings.read({"source": "redis://store"}, environment | secret | {"SENTIMENT_CSV": "history.csv"})
    assert read == Settings(
        source="redis://store",
        redis_host="store",
        redis_user="bot",
        redis_password=SECRET,
        sentiment_csv="history.csv",
    )
    read = Settings.read({"source": "redis://:own@store"}, environment | secret)
    assert (read.redis_user, read.redis_password) == (None, "own")
    read = Settings.read({"source": "a.csv"}, environment | secret | {"SENTIMENT_CSV": "b.csv"})
    assert read == Settings(source="a.csv", sentiment_csv="a.csv")


def test_a_file_with_the_password_serves_an_address_without_one(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    environment = {"REDIS_PASSWORD_FILE": str(tmp_path / "secret")}
    assert Settings.read({"source": "redis://store"}, environment).redis_password == SECRET
    assert Settings.read({"source": "redis://:own@store"}, environment).redis_password == "own"
    nowhere = {"REDIS_PASSWORD_FILE": str(tmp_path / "none")}
    assert Settings.read({"source": "a.csv"}, nowhere).redis_password is None


def test_a_csv_is_refused_for_real_money_and_taken_in_dry_run(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "signals.csv", [signal("a")])
    settings = Settings.read({"source": str(path)}, {})
    with pytest.raises(
        ValueError, match=r"trades with real money.*nobody could stop the entries.*redis://HOST"
    ):
        live_signals(settings, WINDOW)
    assert live_signals(settings, WINDOW, dry_run=True).scored == frozenset({PAIR})


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_bot_reads_the_store_and_its_backtest_the_csv_where_both_are_named(
    tmp_path: Path, dry_run: bool
) -> None:
    path = write_csv(tmp_path / "signals.csv", [signal("a")])
    for section in ({"source": "redis://127.0.0.1:1"}, {"redis_port": 1}):
        settings = Settings.read(section | {"sentiment_csv": str(path)}, {})
        assert live_signals(settings, WINDOW, dry_run=dry_run).scored is None
        assert history_signals(settings).scored == frozenset({PAIR})


def test_a_relative_path_starts_in_the_working_directory_and_errors_show_the_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({"source": "signals.csv"}, {})
    with pytest.raises(ValueError, match=f"sentiment CSV {tmp_path}/signals.csv: .*No such file"):
        history_signals(settings)
    with pytest.raises(ValueError, match=f"sentiment CSV {tmp_path}/signals.csv: .*No such file"):
        live_signals(settings, WINDOW, dry_run=True)
    write_csv(tmp_path / "signals.csv", [signal("a")])
    assert history_signals(settings).scored == frozenset({PAIR})


WITHOUT_REDIS = """
import sys
sys.modules["redis"] = None  # what imports it gets an ImportError
from datetime import timedelta
import cryptoboy_sentiment as news
csv = news.Settings.read({"source": sys.argv[1]}, {})
print(sorted(news.history_signals(csv).scored), sorted(news.live_signals(csv, timedelta(1), dry_run=True).scored))
try:
    news.live_signals(news.Settings.read({"source": "redis://bot:s3cr3t@store:7000"}, {}), timedelta(1))
except ValueError as error:
    print(error)
"""


def test_without_the_package_redis_a_csv_works_and_the_store_says_what_to_install(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "signals.csv", [signal("a")])
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_REDIS, str(path)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(STRATEGIES)},
        capture_output=True,
        text=True,
        check=True,
        timeout=150,
    )
    found, message = ran.stdout.splitlines()
    assert found == f"['{PAIR}'] ['{PAIR}']"
    assert "store:7000" in message
    assert "pip install redis" in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("section", "environment"),
    [
        ({"api_key": SECRET}, {}),
        ({"api_key": SECRET}, {"CRYPTOBOY_API_KEY": "another"}),
        ({}, {"CRYPTOBOY_API_KEY": f" {SECRET}\n"}),
        ({"api_key_file": "KEY"}, {"CRYPTOBOY_API_KEY": "another"}),
        ({}, {"CRYPTOBOY_API_KEY_FILE": "KEY"}),
    ],
)
def test_the_key_of_the_api_is_a_setting_a_variable_or_a_file(
    tmp_path: Path, section: dict[str, str], environment: dict[str, str]
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    given = [
        {name: str(file) if text == "KEY" else text for name, text in texts.items()}
        for texts in (section, environment)
    ]
    read = Settings.read({"source": "http://api:8110", **given[0]}, given[1])
    assert read.api_key == SECRET
    assert SECRET not in f"{read!r} {read}"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"api_key": f"{SECRET} x"}, r"cryptoboy\.api_key is no key"),
        ({"api_key": f"{SECRET}\r\nHost: x"}, r"cryptoboy\.api_key is no key"),
        ({"api_key": 5}, r"cryptoboy\.api_key is no key"),
        ({"api_key": SECRET, "api_key_file": "/x"}, r"api_key and cryptoboy\.api_key_file are both set"),
        (
            {"api_key_file": "/nowhere"},
            r"cryptoboy\.api_key_file=/nowhere cannot be read \(FileNotFoundError\)",
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_and_not_shown(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        Settings.read({"source": "http://api:8110", **section}, {})
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_a_bot_that_reads_the_api_ignores_what_the_environment_says_about_redis(tmp_path: Path) -> None:
    environment = {
        "REDIS_HOST": "elsewhere",
        "REDIS_PASSWORD": SECRET,
        "REDIS_PASSWORD_FILE": str(tmp_path / "no"),
        "SENTIMENT_CSV": "history.csv",
    }
    read = Settings.read({"source": "https://api.example/cryptoboy/"}, environment)
    assert (read.redis_host, read.redis_password) == ("localhost", None)
    assert read.sentiment_csv == "history.csv"  # a backtest with this configuration reads it
