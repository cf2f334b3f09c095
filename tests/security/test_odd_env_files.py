"""A `.env` that was copied, edited or exported by something else, of which a part would be passed over in silence.

What somebody wrote in it, a smaller stake or fewer trades, must not count for nothing: the start is refused, and the
line named without its content, which may be a secret.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.data_ingestor.news.sources import load_sources

SECRET = "planted-77e1"
PASSED_OVER = {
    "a quote that is not closed": 'STAKE_AMOUNT="5\nDRY_RUN=true\n',
    "a single quote that is not closed": "STAKE_AMOUNT='5\nDRY_RUN=true\n",
    "no equals sign": "STAKE_AMOUNT 5\n",
    "a word after the quotes": 'STAKE_AMOUNT="5" USDT\n',
    "a secret after the quotes": f"EXCHANGE_SECRET='{SECRET}' {SECRET}\n",
    "no name": f"={SECRET}\n",
    "two values": "STAKE_AMOUNT=5\n\nSTAKE_AMOUNT=500\n",
    "two spellings": "stake_amount=5\nSTAKE_AMOUNT=500\n",
    "one of them exported": "STAKE_AMOUNT=5\nexport Stake_Amount=500\n",
    "one of them empty": "DRY_RUN=true\nDRY_RUN=\n",
}


@pytest.mark.parametrize("kind", PASSED_OVER)
def test_a_line_that_would_be_passed_over_is_refused_and_not_shown(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\n" + PASSED_OVER[kind])
    line = PASSED_OVER[kind].count("\n") + 1 if kind.startswith(("two", "one")) else 2
    with pytest.raises(StopProgram, match=rf"^line {line} of {file} ") as refused:
        Settings.load({}, file)
    assert SECRET not in str(refused.value) + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "text", ["STAKE_AMOUNT=5\n", "\ufeffexport STAKE_AMOUNT='5' # USDT\r\nstake_amount=5\r\n"]
)
def test_what_says_one_thing_is_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(text.encode())
    assert Settings.load({}, file).stake_amount == 5.0


def test_what_is_no_file_is_refused_and_waited_for_by_nobody(tmp_path: Path) -> None:
    """Docker makes a folder of a mounted file that is not there; `<(...)` of a shell can be read once."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(
            StopProgram, match=r"cannot be read: .*(a pipe can be read once only|Is a directory)"
        ):
            Settings.load({}, tmp_path / name)
    assert Settings.load({}, tmp_path / "absent") == Settings.load({})


def test_a_secret_file_that_never_ends_or_waits_for_a_writer_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in (
        (tmp_path / "pipe", "a pipe can be read once only"),
        (Path("/dev/zero"), "longer than"),
    ):
        environ = {"FREQTRADE_API_PASS_FILE": str(path)}
        assert secrets_given(environ) is not None, "who cuts secrets out of what is printed reads it too"
        with pytest.raises(StopProgram, match=f"FREQTRADE_API_PASS_FILE={path}: cannot be read .{why}"):
            Settings.load(environ)
    assert Settings.load({"FREQTRADE_API_PASS_FILE": "/dev/null"}).freqtrade_api_pass is None


def test_a_file_of_news_sources_that_never_ends_or_waits_for_a_writer_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(StopProgram, match=f"the news sources {path} cannot be read"):
            load_sources(path)
