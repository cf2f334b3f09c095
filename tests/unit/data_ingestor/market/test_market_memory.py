from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.data_ingestor.market.last_published import FILE_NAME, CandleMemory


def test_the_last_candle_of_each_pair_survives_a_restart(tmp_path: Path) -> None:
    memory = CandleMemory(tmp_path / "var", "binance", "1m")
    memory.remember("BTC/USDT", 1_000)
    memory.remember("BTC/USDT", 2_000)
    memory.remember("ETH/USDT", 500)
    memory.close()

    again = CandleMemory(tmp_path / "var", "binance", "1m")
    assert (again.last("BTC/USDT"), again.last("ETH/USDT"), again.last("BNB/USDT")) == (2_000, 500, None)


def test_exchanges_and_timeframes_do_not_share_a_memory(tmp_path: Path) -> None:
    CandleMemory(tmp_path, "binance", "1m").remember("BTC/USDT", 1_000)

    assert CandleMemory(tmp_path, "kraken", "1m").last("BTC/USDT") is None
    assert CandleMemory(tmp_path, "binance", "5m").last("BTC/USDT") is None


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this was never a database, whatever its name says" * 100)

    memory = CandleMemory(tmp_path, "binance", "1m")

    assert memory.last("BTC/USDT") is None
    memory.remember("BTC/USDT", 1_000)
    assert memory.last("BTC/USDT") == 1_000
    assert (tmp_path / "market_streamer.damaged").read_bytes().startswith(b"this was never")


def test_a_folder_that_cannot_be_written_stops_the_start_and_says_which_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StopProgram, match="STATE_DIR"):
        CandleMemory(tmp_path / "file", "binance", "1m")
