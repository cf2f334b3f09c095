"""`python -m services.notifier.trial`, as it is run in the notifier's container."""

from __future__ import annotations

import pytest

from services.notifier.trial import main
from tests.support.notifier.receiver import receiver


def test_it_says_of_each_channel_whether_it_accepts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiver() as works, receiver() as fails:
        fails.always = 403
        monkeypatch.setenv("NOTIFY_URLS", f"phone={works.url} team={fails.url}")

        assert main([]) == 1
        assert main(["phone"]) == 0

        said = capsys.readouterr().out.splitlines()
        assert [line.partition(":")[0] for line in said] == ["phone", "team", "phone"]
        assert said[0] == said[2] == "phone: accepted"
        assert "not accepted: team answered 403" in said[1]
        assert works.titles == ["Test of CryptoBoy's notifications"] * 2


def test_a_channel_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "phone=json://127.0.0.1:1/hook")

    assert main(["mail"]) == 1
    assert "there is no channel mail; there is phone" in capsys.readouterr().err
