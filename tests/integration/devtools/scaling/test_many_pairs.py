from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from devtools.scaling.many_pairs import many_pairs
from devtools.servers.programs import RedisProgram

pytestmark = pytest.mark.integration


def test_every_figure_of_the_scaling_page_is_measured(tmp_path: Path) -> None:
    told: list[str] = []
    with closing(RedisProgram()) as program:
        program.start()
        found = list(many_pairs(program.address(), tmp_path, 3, told.append))
    assert told
    assert all(each.value >= 0 for each in found)
    memory = {each.name: each.value for each in found if "memory" in each.name}
    assert len(memory) == 5
    assert (
        memory["Redis: memory of a pair with 200 signals"]
        < memory["Redis: memory of a pair with 400 signals"]
    )
    assert {each.unit for each in found} == {"bytes", "ms"}
