from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.fuzzing.search import search
from devtools.fuzzing.seeds import feed_seeds
from devtools.fuzzing.targets import target_named
from services.common.settings.settings import PROJECT_ROOT

on_linux = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is for Linux on x86-64 only"
)


@on_linux
def test_a_search_tries_inputs_from_samples_and_seeds_and_keeps_them(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "one").write_bytes(b'{"ETH": {}}')
    outcome = search(target_named("answer"), 1, tmp_path, seeds=seeds)
    assert (outcome.finds, outcome.executions > 100, outcome.coverage > 10) == ((), True, True)
    assert b'{"ETH": {}}' in {each.read_bytes() for each in (tmp_path / "answer" / "corpus").iterdir()}


@on_linux
def test_what_takes_too_much_memory_is_kept_in_a_file_and_can_be_tried_again(tmp_path: Path) -> None:
    (find,) = search(target_named("answer"), 20, tmp_path, memory_mb=10).finds
    assert find.name.startswith("oom-")
    again = subprocess.run(
        [sys.executable, PROJECT_ROOT / "scripts" / "fuzz.py", "--target", "answer", "--repeat", find],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (again.returncode, again.stdout) == (0, f"{find} is borne by answer\n"), again.stderr


def test_a_folder_of_feeds_goes_through_the_poller_and_each_file_is_accounted_for(tmp_path: Path) -> None:
    folder = tmp_path / "feeds" / "inner"
    folder.mkdir(parents=True)
    for number, feed in enumerate(feed_seeds()):
        (folder / f"{number}.xml").write_bytes(feed)
    done = subprocess.run(
        [sys.executable, PROJECT_ROOT / "scripts" / "poll_feeds.py", folder.parent, "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    feeds = {each["file"]: each for each in said["feeds"]}
    assert (feeds["inner/0.xml"]["entries"], feeds["inner/0.xml"]["articles"]) == (1, 1)
    assert "declares entities" in feeds["inner/3.xml"]["refused"]
    assert said["published"] == said["articles"] == sum(each["articles"] for each in said["feeds"]) > 0
