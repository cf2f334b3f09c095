"""The Python of the stand-in: this machine's 3.11 without tests and packages, and its set-up of pip and uv."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.support.containers.machine import SYSTEM_PATH, ContainersNotRun, obtain

VERSION = "3.11"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_LEFT_OUT = (
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "__pycache__",
    "config-3.11*",
    "idlelib",
    "turtledemo",
)
_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "timeout", "default-timeout", "proxy")
"""What of pip's set-up is also true in a container; files and folders of this machine are not."""


def lay_out_python(context: Path) -> None:
    """Write `local`, certificates and the set-up of pip and uv into the folder of the build.

    Raises:
        ContainersNotRun: there is no Python 3.11, or pip cannot be had.
    """
    python = base_python()
    prefix = Path(obtain([str(python), "-c", "import sys; print(sys.base_prefix)"], os.environ).strip())
    libraries = prefix / "lib" / f"python{VERSION}"
    target = context / "local" / "lib" / f"python{VERSION}"
    shutil.copytree(libraries, target, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True)
    (context / "local" / "bin").mkdir()
    for name in (f"python{VERSION}",):
        shutil.copy2((prefix / "bin" / name).resolve(), context / "local" / "bin" / name)
    for short in ("python3", "python"):
        (context / "local" / "bin" / short).symlink_to(f"python{VERSION}")
    for library in (prefix / "lib").glob("libpython3*.so*"):
        shutil.copy2(library, context / "local" / "lib" / library.name, follow_symlinks=False)
    packages = target / "site-packages"
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--target",
        str(packages),
    ]
    obtain([*install, "pip", "setuptools", "wheel"], _plain_environment())
    shutil.copy(AUTHORITIES, context / "ca-certificates.crt")
    write_setup(context, obtain([str(python), "-m", "pip", "config", "list"], os.environ))


def base_python() -> Path:
    """The interpreter of this test run where it is 3.11, else `python3.11`.

    Raises:
        ContainersNotRun: there is none.
    """
    if f"{sys.version_info.major}.{sys.version_info.minor}" == VERSION:
        return Path(sys.base_prefix) / "bin" / f"python{VERSION}"
    found = shutil.which(f"python{VERSION}")
    if found is None:
        raise ContainersNotRun(f"there is no Python {VERSION} here, of which the image's stand-in is made")
    return Path(found)


def write_setup(context: Path, listed: str) -> None:
    """Write `pip.conf` and `uv.toml` from what `pip config list` prints, without what is a file of this machine."""
    options = {"cert": AUTHORITIES}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        option, text = name.rpartition(".")[2], value.strip().strip("'\"")
        urls = [each for each in text.split() if not each.startswith("file:")]
        if option in _OPTIONS and urls:
            options[option.removeprefix("default-")] = " ".join(urls)
    lines = "".join(f"{option} = {value}\n" for option, value in options.items())
    (context / "pip.conf").write_text(f"[global]\n{lines}")
    uv = ["native-tls = true\n"]
    if "index-url" in options:
        uv.append(f'index-url = "{options["index-url"]}"\n')
    if "extra-index-url" in options:
        uv.append(f"extra-index-url = {options['extra-index-url'].split()!r}\n".replace("'", '"'))
    (context / "uv.toml").write_text("".join(uv))


def _plain_environment() -> dict[str, str]:
    """The registry's variables alone: what decides about an installation of the developer's is not taken."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "UV_"))}
    kept.pop("PIP_CONSTRAINT", None)
    return {**kept, "PATH": os.environ.get("PATH", SYSTEM_PATH), "HOME": os.environ.get("HOME", "/root")}
