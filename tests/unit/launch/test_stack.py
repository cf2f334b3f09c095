"""With which arguments and environment the programs of a run are started."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.services import API, NOTIFIER, SERVICES
from services.common.settings.settings import Settings
from services.launch.stack import Stack
from services.launch.up import run_until_stopped


def started(stack: Stack, name: str) -> Settings:
    """What a service reads from its environment."""
    spec = next(each for each in (*stack.services(), *stack.watchers()) if each.name == name)
    return Settings.load(dict(spec.environ), None)


def test_the_api_listens_where_the_settings_say_and_the_others_where_the_run_says(tmp_path: Path) -> None:
    settings = Settings.load({"API_PORT": "9123", "API_HOST": "0.0.0.0", "HEALTH_HOST": "127.0.0.2"}, None)
    stack = Stack(settings, tmp_path, health_ports={"news_poller": 9001})
    api = stack.api()
    assert (api.host, api.port, api.health_url) == ("0.0.0.0", 9123, "http://127.0.0.1:9123/health")
    assert started(stack, API).health_port == 9123
    assert started(stack, "news_poller").health_port == 9001


def test_the_api_asks_the_services_of_its_run_unless_the_settings_say_where_they_are(tmp_path: Path) -> None:
    stack = Stack(Settings.load({}, None), tmp_path, health_ports={"news_poller": 9001})
    asked = started(stack, API).service_addresses
    assert asked.keys() == SERVICES.keys() - {API, NOTIFIER}
    assert asked["news_poller"] == "127.0.0.1:9001"
    elsewhere = Stack(Settings.load({"API_SERVICES": "news_poller=poller:8101"}, None), tmp_path)
    assert started(elsewhere, API).service_addresses == {"news_poller": "poller:8101"}


def test_where_somebody_can_be_told_there_is_a_notifier_which_asks_the_others_how_they_are(
    tmp_path: Path,
) -> None:
    settings = Settings.load({"NOTIFY_URLS": "phone=json://127.0.0.1/"}, None)
    stack = Stack(settings, tmp_path, health_ports={"news_poller": 9001})
    assert NOTIFIER in {spec.name for spec in stack.watchers()}
    asked = started(stack, NOTIFIER).service_addresses
    assert asked.keys() == SERVICES.keys() - {NOTIFIER}
    assert asked["news_poller"] == "127.0.0.1:9001"
    assert started(stack, NOTIFIER).notify_urls == settings.notify_urls
    assert NOTIFIER in started(stack, API).service_addresses
    assert started(stack, API).notify_urls is None


@pytest.mark.parametrize("name", ["news_poller", "sentiment_processor", "signal_cacher", "market_streamer"])
def test_only_the_api_is_told_where_the_services_are(tmp_path: Path, name: str) -> None:
    stack = Stack(Settings.load({}, None), tmp_path)
    assert started(stack, name).api_services is None


def test_what_records_and_shows_is_not_among_what_news_needs_to_become_a_trade(tmp_path: Path) -> None:
    stack = Stack(Settings.load({}, None), tmp_path)
    needed = [spec.name for spec in stack.services()]
    assert needed == ["signal_cacher", "sentiment_processor", "news_poller", "market_streamer"]
    assert {spec.name for spec in stack.watchers()} == SERVICES.keys() - {*needed, NOTIFIER}
    assert all(spec.is_needed for spec in stack.services())
    assert not any(spec.is_needed for spec in stack.watchers())


def test_nothing_is_started_if_the_notifier_and_freqtrade_would_read_one_bot(tmp_path: Path) -> None:
    token = "4242:AA-a_token-of-these-tests-0123456789abc"
    settings = Settings.load({"NOTIFY_TELEGRAM_TOKEN": token, "TELEGRAM_BOT_TOKEN": token}, None)
    with pytest.raises(StopProgram, match="tokens of one bot"):
        run_until_stopped(Stack(settings, tmp_path), print)
