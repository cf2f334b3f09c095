"""Says which extra a command needs if packages of it are missing, and how to install it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import typer

from services.cli import bootstrap
from services.common.errors import StopProgram
from services.common.settings.folders import INSTALLED, PROJECT_ROOT

TABLE = Path(bootstrap.__file__).with_name("commands.txt")
_ONLY_FOR_EXTRA = re.compile(r"([\w.-]+)[^;]*; extra == ['\"]([\w-]+)['\"]")
_OURS = ("services", "devtools", "cryptoboy_sentiment")
_FOUND_MISSING_LATE = {"up": "freqtrade", "demo": "freqtrade", "trade": "freqtrade", "serve": "fastapi"}
"""A package of each extra that only programs import which the command starts."""


def extras_of_commands() -> dict[str, str]:
    """The extra that each command needs, by the command's name; most commands need none."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def require_extras(app: typer.Typer, extras: Mapping[str, str]) -> None:
    """Make the commands of `app` that need an extra refuse to run without it; their `--help` works all the same."""
    for command in app.registered_commands:
        if (name := str(command.name)) in extras and command.callback is not None:
            command.callback = needs(extras[name])(command.callback)
    for group in app.registered_groups:
        if (name := str(group.name)) in extras and group.typer_instance is not None:
            names = [str(command.name) for command in group.typer_instance.registered_commands]
            require_extras(group.typer_instance, dict.fromkeys(names, extras[name]))


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Run a block, or as a decorator a command, that needs the packages of an extra.

    Raises:
        StopProgram: packages are missing. In a wheel this is raised before the block runs, because programs that the
            block starts may be what needs them; elsewhere it is raised when a library cannot be imported, or before
        for a library that only those programs import.
    """
    if INSTALLED:
        refuse_without(extra, distribution("cryptoboy"), Path(sys.prefix))
    if (late := _FOUND_MISSING_LATE.get(extra)) and find_spec(late) is None:
        raise _lacking(extra, late)
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in _OURS:
            raise
        raise _lacking(extra, error.name) from error


def _lacking(extra: str, package: str) -> StopProgram:
    return StopProgram(
        f"this needs the extra {extra!r}, of which {package} is not installed here. {_how_to_add(extra)}"
    )


def _how_to_add(extra: str) -> str:
    if (PROJECT_ROOT / "cryptoboy").is_file():
        command = next(name for name, needed in extras_of_commands().items() if needed == extra)
        return f"This line installs it: ./cryptoboy {command} --help"
    if extra == "serve":  # what is answered from the history, which the operator's container does not reach
        return 'In containers the page and the API answer this: docs/operating.md, "The history"'
    return "Run it in a checkout, where ./cryptoboy installs it"


def refuse_without(extra: str, installed: Distribution, environment: Path) -> None:
    """Check that all packages of an extra are installed.

    Args:
        extra: the name of the extra.
        installed: the installed CryptoBoy, whose metadata lists the packages of its extras.
        environment: the folder of the environment; its files say which program made it.

    Raises:
        StopProgram: packages are missing; the message has the command that installs the extra and keeps the others.
    """
    packages = _packages(installed)
    if not (missing := _missing(packages.get(extra, frozenset()))):
        return
    wanted = {name for name in packages if not _missing(packages[name])} | {extra}
    largest = [
        name for name in sorted(wanted) if not any(packages[name] < packages[other] for other in wanted)
    ]
    package = f"cryptoboy[{','.join(largest)}]{_source(installed)}"
    raise StopProgram(
        f"this command needs the extra {extra!r}: {_installer(installed, environment)} '{package}' "
        f"(missing: {', '.join(missing)})"
    )


def _packages(installed: Distribution) -> dict[str, frozenset[str]]:
    """The packages of each extra that every machine needs: a requirement with a further condition is left out."""
    found: dict[str, set[str]] = {}
    for text in installed.requires or ():
        if match := _ONLY_FOR_EXTRA.fullmatch(text):
            found.setdefault(match[2], set()).add(match[1])
    return {extra: frozenset(names) for extra, names in found.items()}


def _missing(packages: frozenset[str]) -> list[str]:
    return [name for name in sorted(packages) if not _is_installed(name)]


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def _source(installed: Distribution) -> str:
    """Where this CryptoBoy was installed from, unless from an index: there the name could be somebody else's."""
    told = installed.read_text("direct_url.json")
    if not told:
        return ""
    source = json.loads(told)
    vcs = f"{source['vcs_info']['vcs']}+" if "vcs_info" in source else ""
    return f" @ {vcs}{source['url']}"


def _installer(installed: Distribution, environment: Path) -> str:
    if (environment / "uv-receipt.toml").is_file():
        return "uv tool install"
    if (environment / "pipx_metadata.json").is_file():
        return "pipx install --force"
    if (installed.read_text("INSTALLER") or "").strip() == "uv":  # whose environments have no pip
        return f"uv pip install --python {sys.executable}"
    return f"{sys.executable} -m pip install"
