"""The bot's own look at its memory agrees with the services', of which it imports nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptoboy_sentiment.memory import memory_limit

from services.common.runtime.memory import memory_limit as services_limit


@pytest.mark.parametrize("root", ["max", "1000", None])
@pytest.mark.parametrize("own", ["max", "2000000", None])
@pytest.mark.parametrize("group", ["/", "/box/bot.service", "/../out"])
def test_it_finds_what_the_services_find(
    tmp_path: Path, root: str | None, own: str | None, group: str
) -> None:
    proc, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(f"0::{group}\n")
    (proc / "meminfo").write_text("MemTotal:       16384 kB\n")
    (cgroups / "box" / "bot.service").mkdir(parents=True)
    for file, text in (("memory.max", root), ("box/bot.service/memory.max", own)):
        if text is not None:
            (cgroups / file).write_text(f"{text}\n")
    assert memory_limit(cgroups, proc) == services_limit(cgroups, proc)


def test_without_anything_to_look_at_there_is_no_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path, tmp_path) is None
