"""The memory limit of this process, and how much of it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")


def memory_limit(cgroups: Path = CGROUPS, proc: Path = PROC) -> int | None:
    """Return the smallest memory limit that applies to this process, in bytes; None if it cannot be found.

    The limits are those of the process's control groups (containers, systemd's MemoryMax) and the machine's memory.

    Args:
        cgroups: where control groups are mounted, of version 2 or 1.
        proc: where procfs is mounted.
    """
    limits = [limit for limit, _ in _limits(cgroups, proc)]
    machine = _machine_memory(proc / "meminfo")
    if machine is not None:
        limits.append(machine)
    return min(limits, default=None)


def memory_used(cgroups: Path = CGROUPS, proc: Path = PROC) -> int | None:
    """Return the bytes that count against `memory_limit` now: those of all processes in the group with this limit.

    Pages of files that the kernel reclaims first (inactive_file) do not count. Returns None if `memory_limit` is not
    the limit of a control group, or if the usage cannot be found.
    """
    limit, file = min(_limits(cgroups, proc), default=(None, CGROUPS))
    if limit is None or limit != memory_limit(cgroups, proc):
        return None
    usage, unread = _USAGE[file.name]
    used = _number(file.with_name(usage))
    statistics = dict(line.split(maxsplit=1) for line in _text(file.with_name("memory.stat")).splitlines())
    return None if used is None else max(0, used - int(statistics.get(unread, 0)))


_USAGE = {
    "memory.max": ("memory.current", "inactive_file"),
    "memory.limit_in_bytes": ("memory.usage_in_bytes", "total_inactive_file"),
}
"""For each file with a limit: the file with the usage, and the line of `memory.stat` to subtract from the usage."""


def _limits(cgroups: Path, proc: Path) -> list[tuple[int, Path]]:
    """Return the limit of each control group that has a limit, with the file that contains it."""
    return [(limit, file) for file in _limit_files(cgroups, proc) if (limit := _number(file)) is not None]


def _limit_files(cgroups: Path, proc: Path) -> Iterator[Path]:
    """Yield every file that may contain a limit of the process's control group or of a parent group."""
    yield cgroups / "memory.max"
    yield cgroups / "memory" / "memory.limit_in_bytes"
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        group = PurePosixPath(path.lstrip("/"))
        if ".." in group.parts:  # the group lies outside the container's view
            continue
        for each in (group, *group.parents):
            if not controllers:
                yield cgroups / each / "memory.max"
            elif "memory" in controllers.split(","):
                yield cgroups / "memory" / each / "memory.limit_in_bytes"


def _number(file: Path) -> int | None:
    """Return the number in a file; None if the file cannot be read or contains `max`."""
    text = _text(file).strip()
    return int(text) if text.isdecimal() else None


def _machine_memory(meminfo: Path) -> int | None:
    for line in _text(meminfo).splitlines():
        name, _, rest = line.partition(":")
        kilobytes = rest.split()[:1]
        if name == "MemTotal" and kilobytes and kilobytes[0].isdecimal():
            return int(kilobytes[0]) * 1024
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # missing, or this user may not read it
        return ""
