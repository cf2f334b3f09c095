from __future__ import annotations

import os
import time
from pathlib import Path

from services.common.secrets.links import FOLDER, MOST_LINKS, VALID_SECONDS, make_link, use_link

ADDRESS = "http://127.0.0.1:8110"


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def test_a_link_is_used_once(tmp_path: Path) -> None:
    link = make_link(tmp_path, ADDRESS)
    assert link.startswith(f"{ADDRESS}/enter/")
    assert use_link(tmp_path, token_of(link))
    assert not use_link(tmp_path, token_of(link))


def test_the_folder_is_private_and_does_not_have_the_token(tmp_path: Path) -> None:
    link = make_link(tmp_path, ADDRESS)
    folder = tmp_path / FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert token_of(link) not in [file.name for file in folder.iterdir()]


def test_what_is_no_token_opens_nothing(tmp_path: Path) -> None:
    make_link(tmp_path, ADDRESS)
    for text in ("", "..", "../x", "a" * 43, "a" * 10_000, next((tmp_path / FOLDER).iterdir()).name):
        assert not use_link(tmp_path, text)


def test_an_old_link_is_refused(tmp_path: Path) -> None:
    link = make_link(tmp_path, ADDRESS)
    (file,) = (tmp_path / FOLDER).iterdir()
    long_ago = time.time() - VALID_SECONDS - 1
    os.utime(file, (long_ago, long_ago))
    assert not use_link(tmp_path, token_of(link))


def test_unused_links_do_not_pile_up(tmp_path: Path) -> None:
    links = [make_link(tmp_path, ADDRESS) for _ in range(MOST_LINKS + 5)]
    assert len(list((tmp_path / FOLDER).iterdir())) == MOST_LINKS
    assert use_link(tmp_path, token_of(links[-1]))
