"""Switches off what in a user's configuration asks, or tells, somebody other than the exchange.

Freqtrade asks other machines for lists of pairs, for prices in a fiat currency and for the candles of other bots, and
tells people and programs about trades. Nothing of a replay is about them, and offline nobody is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

PAIR_LISTS = ("MarketCapPairList", "RemotePairList", "ProducerPairList")
"""Freqtrade's pair lists that come from other machines."""
_MESSENGERS = ("telegram", "webhook", "discord")
_PRODUCERS = "external_message_consumer"
SECTIONS = (*_MESSENGERS, _PRODUCERS, "fiat_display_currency", "pairlists", "logfile")
"""The sections of Freqtrade's configuration that may be switched off here."""
LISTENS_ON = "api_server__listen_ip_address"
"""Freqtrade's name, in variables, for the address of its API."""
_LOOPBACK = "127.0.0.1"


class Off(NamedTuple):
    """What is switched off: the configuration that does it, and a sentence for each part."""

    config: Mapping[str, Any]
    notes: Sequence[str]


def switched_off(user: Mapping[str, Any]) -> Off:
    """Return what has to be added to a user's configuration so that only the exchange is asked."""
    config: dict[str, Any] = {}
    notes = []
    if on := [name for name in _MESSENGERS if _is_on(user, name)]:
        config |= {name: {"enabled": False} for name in on}
        notes.append(f"{', '.join(on)}: switched off, so that nobody gets messages about a replay")
    if _is_on(user, _PRODUCERS):
        config[_PRODUCERS] = {"enabled": False}
        notes.append(f"{_PRODUCERS}: switched off, as other bots know nothing of a replay")
    if user.get("fiat_display_currency"):
        config["fiat_display_currency"] = ""
        notes.append("fiat_display_currency: switched off, as its rates come from the internet")
    if user.get("logfile"):
        config["logfile"] = ""
        notes.append("logfile: not written, as it is that of the real bot; --logfile FILE names another")
    if _is_on(user, "api_server") and not _is_loopback(user["api_server"].get("listen_ip_address")):
        config["api_server"] = {"listen_ip_address": _LOOPBACK}
        notes.append(f"api_server: it listens on {_LOOPBACK} alone")
    config |= _pair_lists(user, notes)
    return Off(config, notes)


def _pair_lists(user: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    given = [each for each in user.get("pairlists") or () if isinstance(each, Mapping)]
    kept = [each for each in given if each.get("method") not in PAIR_LISTS]
    if len(kept) == len(given):
        return {}
    if kept[:1] != given[:1]:  # the first one makes the list, the others filter it
        kept.insert(0, {"method": "StaticPairList"})
    names = ", ".join(str(each["method"]) for each in given if each.get("method") in PAIR_LISTS)
    notes.append(f"{names}: left out, as it comes from another machine; pair_whitelist decides")
    return {"pairlists": kept}


def _is_on(user: Mapping[str, Any], name: str) -> bool:
    section = user.get(name)
    return isinstance(section, Mapping) and bool(section.get("enabled"))


def _is_loopback(address: object) -> bool:
    try:
        return ip_address(str(address)).is_loopback
    except ValueError:
        return False
