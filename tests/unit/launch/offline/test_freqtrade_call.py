from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.launch.offline.freqtrade_call import read_call


def test_a_command_is_read_as_freqtrade_reads_it() -> None:
    call = read_call(["freqtrade", "backtesting", "-c", "a.json", "--config", "b.json", "-i", "1h"])
    assert (call.command, call.configuration_files) == ("backtesting", ("a.json", "b.json"))
    assert (call.trades, call.reads_candles, call.parsed["timeframe"]) == (False, True, "1h")


def test_a_folder_of_candles_that_the_user_names_is_kept() -> None:
    assert not read_call(["freqtrade", "backtesting", "--datadir", "mine"]).reads_candles


def test_the_default_configuration_counts_where_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_call(["freqtrade", "trade"]).configuration_files == ()
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "config.json").write_text("{}")
    assert read_call(["freqtrade", "trade"]).configuration_files == ("user_data/config.json",)


@pytest.mark.parametrize("words", [["freqtrade", "backtestin"], ["freqtrade", "trade", "--no-such-option"]])
def test_what_freqtrade_does_not_know_ends_with_its_message(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_call(words)
    assert ended.value.code == 2
    assert words[-1] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "freqtrade"),
        (["backtesting"], "after `--` comes `freqtrade`"),
        (["freqtrade"], "needs a command"),
        (["freqtrade", "download-data"], "among real ones"),
        (["freqtrade", "install-ui"], "from the internet"),
        (["freqtrade", "strategy-updater"], "changes the files"),
        (["freqtrade", "trade", "-c", "-"], "has to be a file"),
    ],
)
def test_what_cannot_run_offline_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(StopProgram, match=said):
        read_call(words)
