"""Determines how much memory the bot may use before the kernel ends it."""

from pathlib import Path


def memory_limit(cgroups: Path = Path("/sys/fs/cgroup"), proc: Path = Path("/proc")) -> int | None:
    """The smaller of the memory limits of control group (version 2) and machine, in bytes; None if unknown."""
    own = _text(proc / "self" / "cgroup").strip().removeprefix("0::/")
    groups = [cgroups] if ".." in own else [cgroups, cgroups / own]
    found = [_text(group / "memory.max").strip() for group in groups]
    limits = [int(text) for text in found if text.isdecimal()]
    for line in _text(proc / "meminfo").splitlines():
        name, *rest = line.split()
        if name == "MemTotal:" and rest and rest[0].isdecimal():
            limits.append(int(rest[0]) * 1024)
    return min(limits, default=None)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # not there, or not readable for this user
        return ""
