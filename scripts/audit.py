#!/usr/bin/env python3
"""Ask OSV whether a pinned package has a known vulnerability.

.venv/bin/python scripts/audit.py

The exit status is 0 if no vulnerability is known, 1 if some are known or the audit failed, and 3 if the audit could
not be run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
LOCKS = [ROOT / "requirements" / f"{name}.lock" for name in ("demo", "research", "bootstrap")]
OSV = "https://api.osv.dev/v1/query"
PATIENCE_SECONDS = 10
NOT_RUN = 3
_PROBE = {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "26.0"}


def main() -> int:
    """Run the audit, print its result and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--lock", type=Path, action="append", help="requirements with hashes; may be repeated", metavar="FILE"
    )
    parser.add_argument("--osv-url", default=OSV, help="where OSV's queries are answered")
    options = parser.parse_args()
    ask_this_machine_directly(options.osv_url)
    problem = why_no_answer(options.osv_url)
    if problem:
        print(f"audit NOT RUN: the vulnerability service at {options.osv_url} does not answer ({problem})")
        return NOT_RUN
    locks: list[Path] = options.lock or LOCKS
    asked = audit(locks, options.osv_url)
    print(asked.stdout, end="")
    print(asked.stderr, end="", file=sys.stderr)
    names = ", ".join(lock.name for lock in locks)
    if asked.returncode:
        print(f"audit of {names}: FAILED, see above")
    else:
        print(f"audit of {names}: no known vulnerability")
    return 1 if asked.returncode else 0


def ask_this_machine_directly(url: str) -> None:
    """Remove all proxy variables from the environment, which pip-audit inherits, if `url` is on this machine."""
    if urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[name]


def why_no_answer(url: str) -> str:
    """The reason why the service does not answer; empty if it answers."""
    if not url.startswith(("https://", "http://")):
        return "it is no HTTP address"
    request = urllib.request.Request(url, data=json.dumps(_PROBE).encode(), method="POST")  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - checked above # nosec B310
            json.load(answer)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return str(reason) or type(error).__name__
    return ""


def audit(locks: Sequence[Path], url: str) -> subprocess.CompletedProcess[str]:
    """The result of pip-audit for the pinned packages; it neither resolves nor installs packages."""
    tool = Path(sys.executable).with_name("pip-audit")
    command = [
        str(tool),
        "--strict",
        "--disable-pip",
        *(word for lock in locks for word in ("--requirement", str(lock))),
    ]
    command += ["--vulnerability-service", "osv", "--osv-url", url, "--progress-spinner", "off"]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own tool and options


if __name__ == "__main__":
    sys.exit(main())
