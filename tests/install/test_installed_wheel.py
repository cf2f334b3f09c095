"""The project installed as a wheel, away from every checkout: what the command does, and where it keeps its files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import __version__
from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.first_install import PYTHON, REAL_UV

pytestmark = pytest.mark.timeout(
    900
)  # packages are fetched, and the demo takes some minutes on a busy machine

OF_THE_WHEEL = {"cryptoboy", "cryptoboy_sentiment", f"cryptoboy-{__version__}.dist-info"}
OF_THE_SOURCE = {
    *("services", "user_data", "docker-compose.production.yml", ".env.example", ".gitignore"),
    *("README.md", "LICENSE", "pyproject.toml", "PKG-INFO"),
}
DATA = (
    ".env.example",
    "docker-compose.production.yml",
    "services/cli/bootstrap/commands.txt",
    "services/common/store/redis/write_signals.lua",
    "services/data_ingestor/news_sources.toml",
    "services/demo/sample_news.toml",
    "services/replay_exchange/candles/ETH_USDT-1m.feather",
    "services/research/backtest/report/page.html.j2",
    "services/sentiment_analyzer/matching/assets.toml",
    "user_data/strategies/LLMSentimentStrategy.py",
    "user_data/strategies/cryptoboy_sentiment/__init__.py",
)
REMAINS = (
    "services/.env",
    "user_data/strategies/LLMSentimentStrategy.json",
    "secrets/redis",
)


def run(*command: object, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def uv(*arguments: object, folder: Path) -> None:
    """Run uv with this machine's index, and Python 3.11 or newer as it is here."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    tools = {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin")}
    done = run(REAL_UV, *arguments, "--python", PYTHON, folder=folder, **kept, **tools)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty folder in which the command is called."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user of whom there are no files yet."""
    (tmp_path / "home").mkdir()
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home")}


def files_of(folder: Path) -> dict[Path, int]:
    """Every file of an installation with the time at which it was last written, in nanoseconds."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def light(tmp_path: Path) -> Iterator[Path]:
    """The command of an installation without extras; at the end no file of the installation has changed."""
    uv("build", "--quiet", "--wheel", "--out-dir", tmp_path / "dist", PROJECT_ROOT, folder=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    uv("tool", "install", "--quiet", "--compile-bytecode", wheel, folder=tmp_path)
    before = files_of(tmp_path / "tools")
    yield tmp_path / "bin" / "cryptoboy"
    assert files_of(tmp_path / "tools") == before


def test_wheel_and_source_distribution_have_the_product_and_nothing_else_of_the_folder(
    tmp_path: Path,
) -> None:
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv*", "var", ".mypy_cache", ".ruff_cache", "__pycache__")
    shutil.copytree(PROJECT_ROOT, checkout, ignore=ignored)
    for name in REMAINS:
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("nobody else's business")
    (checkout / ".env").write_text("EXCHANGE_KEY=mine\n")
    uv("build", "--quiet", "--out-dir", tmp_path / "dist", checkout, folder=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    (source,) = (tmp_path / "dist").glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    with tarfile.open(source) as archive_of_source:
        top = {name.split("/")[1] for name in archive_of_source.getnames()}
    assert {name.partition("/")[0] for name in names} == OF_THE_WHEEL
    assert {f"cryptoboy/{name}" for name in DATA} <= set(names)
    assert "cryptoboy_sentiment/__init__.py" in names
    assert top == OF_THE_SOURCE
    rooms_of_secrets = ("cryptoboy/services/common/secrets/", "cryptoboy/services/operations/secrets/")
    unwanted = ("tests", "devtools", "secrets/", ".env", ".git", "__pycache__", "var/", ".json", "docs/")
    found = {name for name in names if any(part in name for part in unwanted)}
    assert {name for name in found if not name.startswith(rooms_of_secrets)} == {"cryptoboy/.env.example"}


def test_without_extras_the_light_commands_work_and_the_others_name_their_extra(
    light: Path, empty: Path, home: dict[str, str]
) -> None:
    (empty / ".env").write_text("SOMETHING=of another program\n")
    (empty / "services").mkdir()
    (empty / "services" / "__init__.py").write_text(
        "raise SystemExit('ran what lay in the current folder')\n"
    )

    version = run(light, "--version", folder=empty, **home)
    assert (version.returncode, version.stdout) == (0, f"cryptoboy {__version__}\n"), version.stderr

    score = run(light, "score", "--json", "Bitcoin surges as ETF inflows hit a record", folder=empty, **home)
    assert score.returncode == 0, score.stderr
    assert "BTC/USDT" in score.stdout

    doctor = json.loads(run(light, "doctor", "--json", folder=empty, **home).stdout.splitlines()[-1])
    checks = {check["name"]: check for check in doctor["checks"]}
    assert checks["folders"]["found"].endswith(
        f"state in {home['HOME']}/.local/state/cryptoboy, {home['HOME']}/.config/cryptoboy/.env (not there)"
    )
    assert checks["broker (embedded)"]["state"] == "ok"

    mine = Path(home["HOME"]) / ".config/cryptoboy"
    mine.mkdir(parents=True)
    (mine / ".env").write_text("TRADING_PAIRS=SOL/USDT\n")
    other = run(light, "score", "--json", "Solana surges to a record", folder=empty, **home)
    assert "SOL/USDT" in other.stdout, other.stderr

    backtest = run(
        *(
            light,
            "backtest",
            "--candles",
            "x",
            "--sentiment",
            "y",
            "--from",
            "2025-05-01",
            "--to",
            "2025-06-01",
        ),
        folder=empty,
        **home,
    )
    assert backtest.returncode == 78
    assert (
        "this command needs the extra 'research': uv tool install 'cryptoboy[research] @ file://"
        in backtest.stderr
    )
    assert "Traceback" not in backtest.stderr
    assert sorted(path.name for path in empty.iterdir()) == [".env", "services"]
    assert (Path(home["HOME"]) / ".local/state/cryptoboy/queue.sqlite3").is_file()


def test_an_editable_installation_runs_the_code_of_the_checkout(
    tmp_path: Path, empty: Path, home: dict[str, str]
) -> None:
    uv("tool", "install", "--quiet", "--editable", PROJECT_ROOT, folder=tmp_path)
    done = run(tmp_path / "bin/cryptoboy", "doctor", "--json", folder=empty, **home)
    checks = {check["name"]: check["found"] for check in json.loads(done.stdout.splitlines()[-1])["checks"]}
    assert checks["folders"].startswith(f"CryptoBoy {__version__} in {PROJECT_ROOT}, state in {empty}/var")


def test_from_an_empty_folder_the_tool_is_installed_with_an_extra_and_the_demo_closes_a_trade(
    tmp_path: Path, empty: Path, home: dict[str, str]
) -> None:
    tools = empty.with_name("installed")
    tools.mkdir()
    uv("tool", "install", "--quiet", "--compile-bytecode", f"{PROJECT_ROOT}[demo]", folder=tools)
    before = files_of(tools)
    demo = run(tools / "bin/cryptoboy", "demo", "--json", folder=empty, **home)
    assert demo.returncode == 0, demo.stderr
    result = json.loads(demo.stdout.splitlines()[-1])
    assert result["ok"]
    assert result["trades_closed"] >= 1
    assert not list(empty.iterdir())
    assert files_of(tools) == before  # so the installation may be read-only
    # For strategies of other people in the same environment.
    python = tools / "tools/cryptoboy/bin/python"
    ask = "import cryptoboy_sentiment as c; print(c.VERSION, c.__file__)"
    found = run(python, "-P", "-c", ask, folder=empty, **home)
    assert found.stdout.startswith(f"{__version__} "), found.stderr
    assert found.stdout.rstrip().endswith("site-packages/cryptoboy_sentiment/__init__.py")
