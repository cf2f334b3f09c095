#!/usr/bin/env python3
"""Make the lock files in requirements/ from pyproject.toml: one for each kind of use, with hashes.

.venv/bin/python scripts/locks.py            # asks the package index; versions stay unless a requirement excludes them
.venv/bin/python scripts/locks.py --upgrade  # takes the newest versions
.venv/bin/python scripts/locks.py --check    # asks nobody; says which lock files are not current

dev.lock is made first, as it has the packages of all others: they take its versions, so that several of them can be
installed into one environment. The exit status is 0 if all lock files are current, otherwise 1.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path("requirements")
WHOLE = "dev"
"""The extra that includes all others."""
COMMAND_LINE = "operator"
"""The lock file of the dependencies that are no extra."""
BY_HAND = frozenset({"bootstrap", "llm"})
"""Lock files that are not made from pyproject.toml; each says how it was made."""
_OPTIONS = (
    "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header",
    "--no-annotate", "--quiet",
)  # fmt: skip
_NESTED = re.compile(r"cryptoboy\[([\w,-]+)\]")
_HEAD = "# Made by scripts/locks.py from these requirements of pyproject.toml:\n"
_DECLARED = re.compile(r"^#   (.+)$", re.MULTILINE)
_PIN = re.compile(r"^([\w.-]+)==([^\s\\]+(?: ;[^\\\n]+)?)", re.MULTILINE)


def main() -> int:
    """Make or check the lock files; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only say what is not current")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    options = parser.parse_args()
    root: Path = options.root
    if not options.check:
        make(root, ["--upgrade"] if options.upgrade else [])
    faults = problems(root)
    print("\n".join(faults) if faults else f"all lock files in {FOLDER}/ are current")
    return 1 if faults else 0


def declared(root: Path) -> dict[str, list[str]]:
    """The requirements of each lock file, by its name without suffix, in the order of their names."""
    given: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())
    always = given["project"]["dependencies"]
    extras = given["project"]["optional-dependencies"]
    groups = given["dependency-groups"]
    included = {
        each["include-group"] for group in groups.values() for each in group if isinstance(each, dict)
    }
    return {
        COMMAND_LINE: sorted(always),
        **{name: sorted({*always, *_of_extra(name, extras)}) for name in extras},
        **{name: sorted(_of_group(name, groups)) for name in groups if name not in included},
    }


def _of_extra(name: str, extras: Mapping[str, Sequence[str]]) -> set[str]:
    found = set[str]()
    for requirement in extras[name]:
        nested = _NESTED.fullmatch(requirement)
        if nested is None:
            found.add(requirement)
        else:
            found |= {text for other in nested[1].split(",") for text in _of_extra(other, extras)}
    return found


def _of_group(name: str, groups: Mapping[str, Sequence[Any]]) -> set[str]:
    found: set[str] = set()
    for each in groups[name]:
        found |= _of_group(each["include-group"], groups) if isinstance(each, dict) else {each}
    return found


def make(root: Path, more: Sequence[str]) -> None:
    """Make all lock files anew. Ends the program if the requirements cannot be met."""
    names = declared(root)
    for name in [WHOLE, *(name for name in names if name != WHOLE)]:
        lock = root / FOLDER / f"{name}.lock"
        others = more if name == WHOLE else ["--constraints", str(FOLDER / f"{WHOLE}.lock")]
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", *_OPTIONS, *others]
        asked = "".join(f"{requirement}\n" for requirement in names[name])
        text = lock.read_text() if lock.is_file() else ""
        # An existing file tells uv which versions to keep.
        done = subprocess.run(  # noqa: S603 - our own tool
            [*command, "--output-file", str(lock), "-"], input=asked, cwd=root, check=False, text=True
        )
        if done.returncode:
            lock.write_text(text)
            raise SystemExit(f"{lock} could not be made; the lines above say why")
        lock.write_text(head(names[name]) + lock.read_text())


def head(requirements: Sequence[str]) -> str:
    """The comment with which a lock file begins, by which `problems` finds out whether it is current."""
    return _HEAD + "".join(f"#   {requirement}\n" for requirement in requirements)


def problems(root: Path) -> list[str]:
    """What is wrong with the lock files, one line for each fault; empty if all are current."""
    names = declared(root)
    there = {path.stem: path.read_text() for path in (root / FOLDER).glob("*.lock")}
    faults = [f"{FOLDER}/{name}.lock is missing" for name in names.keys() - there.keys()]
    faults += [f"{FOLDER}/{name}.lock belongs to nothing" for name in there.keys() - names.keys() - BY_HAND]
    whole = pins(there.get(WHOLE, ""))
    for name in names.keys() & there.keys():
        text = there[name]
        if not text.startswith(head(names[name])) or _DECLARED.findall(text) != names[name]:
            faults.append(
                f"{FOLDER}/{name}.lock was made from other requirements than those of pyproject.toml"
            )
        faults += [
            f"{FOLDER}/{name}.lock has another version of {package} than {WHOLE}.lock"
            for package, versions in pins(text).items()
            if not versions <= whole.get(package, set())
        ]
    return sorted(faults)


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each package in a lock file, with their conditions; a package may have one for each Python."""
    found: dict[str, set[str]] = {}
    for name, version in _PIN.findall(lock):
        found.setdefault(name, set()).add(version.partition(" ")[0])
    return found


if __name__ == "__main__":
    sys.exit(main())
