"""What a configuration asks of other machines, or tells people, is switched off offline."""

from __future__ import annotations

from typing import Any

import pytest

from services.launch.offline.configuration import environment_without_ours
from services.launch.offline.elsewhere import switched_off

STATIC = {"method": "StaticPairList"}


@pytest.mark.parametrize(
    ("user", "off"),
    [
        ({"telegram": {"enabled": True, "token": "1:x"}}, {"telegram": {"enabled": False}}),
        ({"webhook": {"enabled": True}}, {"webhook": {"enabled": False}}),
        (
            {"external_message_consumer": {"enabled": True, "producers": [{"host": "10.0.0.1"}]}},
            {"external_message_consumer": {"enabled": False}},
        ),
        ({"fiat_display_currency": "USD"}, {"fiat_display_currency": ""}),
        ({"logfile": "user_data/logs/bot.log"}, {"logfile": ""}),
        (
            {"api_server": {"enabled": True, "listen_ip_address": "0.0.0.0"}},
            {"api_server": {"listen_ip_address": "127.0.0.1"}},
        ),
    ],
)
def test_each_part_is_switched_off_and_named(user: dict[str, Any], off: dict[str, Any]) -> None:
    found = switched_off(user)
    assert found.config == off
    assert len(found.notes) == 1
    assert next(iter(off)) in found.notes[0]


def test_what_is_off_or_on_this_machine_stays_as_it_is() -> None:
    user = {
        "webhook": {"enabled": False},
        "telegram": {},
        "fiat_display_currency": "",
        "api_server": {"enabled": True, "listen_ip_address": "127.0.0.1"},
        "pairlists": [STATIC, {"method": "ShuffleFilter"}],
    }
    assert switched_off(user) == ({}, [])


@pytest.mark.parametrize("name", ["MarketCapPairList", "RemotePairList", "ProducerPairList"])
def test_pair_lists_of_other_machines_are_left_out(name: str) -> None:
    shuffle = {"method": "ShuffleFilter"}
    as_list = switched_off({"pairlists": [{"method": name}, shuffle]})
    as_filter = switched_off({"pairlists": [STATIC, {"method": name}, shuffle]})
    assert as_list.config == as_filter.config == {"pairlists": [STATIC, shuffle]}
    assert name in as_list.notes[0]


def test_variables_cannot_switch_it_on_again() -> None:
    kept = {"FREQTRADE__API_SERVER__PASSWORD": "x", "HOME": "/"}
    ours = {
        "FREQTRADE__EXTERNAL_MESSAGE_CONSUMER__ENABLED": "true",
        "FREQTRADE__FIAT_DISPLAY_CURRENCY": "USD",
        "FREQTRADE__LOGFILE": "bot.log",
        "FREQTRADE__API_SERVER__LISTEN_IP_ADDRESS": "0.0.0.0",
    }
    assert environment_without_ours(kept | ours) == kept
