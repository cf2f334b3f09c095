from __future__ import annotations

from pathlib import Path

import pytest

from services.common.runtime.memory import memory_limit, memory_used

GIB = 1024**3


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with 8 GiB on which this process is in the group /system.slice/cryptoboy.service."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal:        8388608 kB\nMemFree:  1 kB\n")
    (tmp_path / "proc" / "self" / "cgroup").write_text("0::/system.slice/cryptoboy.service\n")
    (tmp_path / "cgroup" / "system.slice" / "cryptoboy.service").mkdir(parents=True)
    return tmp_path


def limit_on(machine: Path) -> int | None:
    return memory_limit(machine / "cgroup", machine / "proc")


def used_on(machine: Path) -> int | None:
    return memory_used(machine / "cgroup", machine / "proc")


def test_without_a_limit_it_is_the_memory_of_the_machine(machine: Path) -> None:
    (machine / "cgroup" / "memory.max").write_text("max\n")
    assert limit_on(machine) == 8 * GIB


def test_a_container_sees_its_limit_at_the_root(machine: Path) -> None:
    (machine / "cgroup" / "memory.max").write_text(f"{GIB}\n")
    assert limit_on(machine) == GIB


def test_the_smallest_limit_of_the_groups_around_it_holds(machine: Path) -> None:
    slice_ = machine / "cgroup" / "system.slice"
    (slice_ / "memory.max").write_text(f"{2 * GIB}\n")
    (slice_ / "cryptoboy.service" / "memory.max").write_text(f"{3 * GIB}\n")
    assert limit_on(machine) == 2 * GIB


def test_version_1_is_understood_and_its_number_for_no_limit_is_none(machine: Path) -> None:
    (machine / "proc" / "self" / "cgroup").write_text("5:cpu,memory:/box\n0::/\n")
    box = machine / "cgroup" / "memory" / "box"
    box.mkdir(parents=True)
    (box.parent / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert limit_on(machine) == 8 * GIB
    (box / "memory.limit_in_bytes").write_text(f"{GIB}\n")
    assert limit_on(machine) == GIB


def test_a_group_outside_of_the_container_is_not_looked_for(machine: Path) -> None:
    (machine / "proc" / "self" / "cgroup").write_text("0::/../../elsewhere\n")
    (machine / "elsewhere").mkdir()
    (machine / "elsewhere" / "memory.max").write_text("1\n")
    assert limit_on(machine) == 8 * GIB


def test_where_nothing_tells_there_is_no_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path, tmp_path) is None


def test_used_is_what_the_group_with_the_smallest_limit_uses_but_for_files_not_read_lately(
    machine: Path,
) -> None:
    slice_ = machine / "cgroup" / "system.slice"
    (slice_ / "memory.max").write_text(f"{2 * GIB}\n")
    (slice_ / "memory.current").write_text("1000\n")
    (slice_ / "memory.stat").write_text("anon 300\ninactive_file 100\nactive_file 600\n")
    (slice_ / "cryptoboy.service" / "memory.max").write_text("max\n")
    (slice_ / "cryptoboy.service" / "memory.current").write_text("7\n")
    assert used_on(machine) == 900


def test_used_is_told_by_version_1_as_well(machine: Path) -> None:
    (machine / "proc" / "self" / "cgroup").write_text("5:cpu,memory:/box\n")
    box = machine / "cgroup" / "memory" / "box"
    box.mkdir(parents=True)
    for name, text in (
        ("memory.limit_in_bytes", f"{GIB}\n"),
        ("memory.usage_in_bytes", "1000\n"),
        ("memory.stat", "inactive_file 1\ntotal_inactive_file 100\n"),
    ):
        (box / name).write_text(text)
    assert used_on(machine) == 900


def test_nobody_tells_what_is_used_where_the_limit_is_the_machine_s(machine: Path) -> None:
    group = machine / "cgroup" / "system.slice" / "cryptoboy.service"
    (group / "memory.current").write_text("1000\n")
    assert used_on(machine) is None
    (group / "memory.max").write_text(f"{9 * GIB}\n")
    assert used_on(machine) is None


def test_a_limit_without_its_usage_tells_nothing_of_what_is_used(machine: Path) -> None:
    (machine / "cgroup" / "memory.max").write_text(f"{GIB}\n")
    assert used_on(machine) is None
