"""Reads and builds the configuration with which unmodified ccxt and Freqtrade connect to an exchange.

The functions are pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.common.errors import StopProgram

# ccxt's own default: a websocket is closed after so many missed pongs.
_PING_PONG_MISSES = 2.0


def exchange_section(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the section `exchange` of somebody's configuration of Freqtrade; empty if there is none.

    Raises:
        StopProgram: it is no object.
    """
    section = config.get("exchange") or {}
    if not isinstance(section, Mapping):
        raise StopProgram(
            f"exchange is {section!r} in the configuration; expected an object, such as "
            '"exchange": {"name": "binance", "pair_whitelist": ["BTC/USDT"]}'
        )
    return section


def ccxt_config(base_url: str, *, speed: float = 1.0, futures: bool = False) -> dict[str, Any]:
    """Return the configuration for `ccxt.binance(...)`, its async and pro variants, and Freqtrade's `ccxt_config`.

    `base_url` is the URL of the exchange, for example http://127.0.0.1:8085. `speed` is the number of seconds by
    which the process's clock advances in one second of real time. `speed` is needed because ccxt sends pings in real
    time, but detects missing pongs by the process's clock.
    """
    base_url = base_url.rstrip("/")
    # ccxt tells spot from futures by "/stream" in the address of the websocket.
    websocket = base_url.replace("http", "ws", 1) + "/stream/ws"
    config: dict[str, Any] = {
        "urls": {
            "api": {
                "public": f"{base_url}/api/v3",
                "private": f"{base_url}/api/v3",
                "v1": f"{base_url}/api/v1",
                "sapi": f"{base_url}/sapi/v1",
                "fapiPublic": f"{base_url}/fapi/v1",
                "fapiPublicV2": f"{base_url}/fapi/v2",
                "ws": {"spot": websocket},
            }
        },
        "options": {
            "fetchMarkets": {"types": ["linear" if futures else "spot"]},
            "fetchCurrencies": False,
            "fetchMargins": False,
        },
    }
    if speed > 1:
        config["streaming"] = {"maxPingPongMisses": _PING_PONG_MISSES * speed}
    return config


def freqtrade_exchange(
    base_url: str, pairs: Sequence[str], *, speed: float = 1.0, futures: bool = False
) -> dict[str, Any]:
    """Return the `exchange` section of a Freqtrade configuration for these pairs, without API keys."""
    return {
        "name": "binance",
        "key": "",
        "secret": "",  # nosec B105 # none
        "pair_whitelist": list(pairs),
        "pair_blacklist": [],
        # Else history would come from Binance's public archive instead of the exchange.
        "only_from_ccxt": True,
        "ccxt_config": ccxt_config(base_url, speed=speed, futures=futures),
    }
