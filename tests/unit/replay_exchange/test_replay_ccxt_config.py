from __future__ import annotations

from services.replay_exchange.ccxt_config import ccxt_config, freqtrade_exchange


def test_every_address_points_at_the_exchange() -> None:
    config = ccxt_config("http://127.0.0.1:8085/")
    addresses = config["urls"]["api"]
    websocket = addresses.pop("ws")
    assert websocket == {"spot": "ws://127.0.0.1:8085/stream/ws"}
    assert addresses == {
        "public": "http://127.0.0.1:8085/api/v3",
        "private": "http://127.0.0.1:8085/api/v3",
        "v1": "http://127.0.0.1:8085/api/v1",
        "sapi": "http://127.0.0.1:8085/sapi/v1",
        "fapiPublic": "http://127.0.0.1:8085/fapi/v1",
        "fapiPublicV2": "http://127.0.0.1:8085/fapi/v2",
    }


def test_a_fast_clock_gets_as_much_more_patience_for_pongs() -> None:
    assert "streaming" not in ccxt_config("http://127.0.0.1:1")
    assert ccxt_config("http://127.0.0.1:1", speed=10)["streaming"] == {"maxPingPongMisses": 20.0}


def test_freqtrade_takes_all_its_data_from_the_exchange_and_has_no_keys() -> None:
    section = freqtrade_exchange("http://127.0.0.1:8085", ["BTC/USDT"])
    assert section["name"] == "binance"
    assert section["only_from_ccxt"] is True
    assert (section["key"], section["secret"]) == ("", "")
    assert section["pair_whitelist"] == ["BTC/USDT"]
    assert section["ccxt_config"] == ccxt_config("http://127.0.0.1:8085")


def test_the_markets_are_spot_unless_futures_are_asked_for() -> None:
    def types(**options: bool) -> object:
        return ccxt_config("http://127.0.0.1:1", **options)["options"]["fetchMarkets"]["types"]

    assert (types(), types(futures=True)) == (["spot"], ["linear"])
