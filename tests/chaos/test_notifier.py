"""Books of events against messages: whatever happens to the notifier, none is lost and none comes twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.history.notifying.rows import NoticeState
from services.common.settings.settings import Settings
from services.launch.replay_clock import find_library
from services.notifier.happening import Kind
from tests.support.notifier.process import (
    alerts,
    book,
    notifier_of,
    notifier_process,
    states,
    wait_until_settled,
)
from tests.support.notifier.receiver import receiver
from tests.support.notifier.running import news, notifier_settings, recorded

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
RULES = "preset = 'everything'\n[channels.phone]\nper_minute = 600\nurgent_per_minute = 600\n"
TOLD, UNSURE = NoticeState.TOLD, NoticeState.UNSURE


@pytest.fixture(params=["sqlite", "postgresql"])
def settings_for(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Settings]:
    """Makes settings with these addresses of channels, on a history in a file or on a real PostgreSQL."""
    url = f"sqlite:///{tmp_path / 'history.sqlite'}"
    if request.param == "postgresql":
        database: Settings = request.getfixturevalue("postgresql_history")
        assert database.history_url is not None
        url = database.history_url.get_secret_value()
    return lambda urls: notifier_settings(tmp_path, urls, RULES, HISTORY_URL=url)


def test_a_notifier_killed_between_sending_and_noting_sends_nothing_twice_and_says_what_may_have_come(
    settings_for: Callable[[str], Settings], tmp_path: Path
) -> None:
    with receiver() as phone:
        settings = settings_for(f"phone={phone.url}")
        with recorded(settings) as history:
            with notifier_process(settings, tmp_path / "log") as notifier:
                history.write(news(1))
                phone.wait(1)
                phone.hold.set()  # it has the next one, and does not answer
                history.write(news(2))
                phone.wait_asked(2)
                notifier.kill()
            history.write(news(3))  # while it is off
            phone.hold.clear()
            with notifier_process(settings, tmp_path / "log") as notifier:
                phone.wait(4)
                found = wait_until_settled(settings, 4, notifier.tail)
    assert alerts(phone) == {"Title 1": 1, "Title 2": 1, "Title 3": 1}
    (digest,) = (body for body in phone.bodies if "notice from" in body["title"])
    assert "May have arrived or not, so it is not sent again (1):\n- Title 2" in digest["message"]
    assert states(found) == {TOLD: 3, UNSURE: 1}
    assert found["story:article-2", "phone"].state is UNSURE


def test_a_notifier_killed_again_and_again_tells_each_story_once(
    settings_for: Callable[[str], Settings], tmp_path: Path
) -> None:
    count = 45
    with receiver() as phone:
        settings = settings_for(f"phone={phone.url}")
        with recorded(settings) as history, notifier_process(settings, tmp_path / "log") as running:
            for number in range(1, count + 1):
                asked = phone.asked
                history.write(news(number))
                if number % 15 == 0:
                    phone.wait_asked(asked + 1)
                    running.kill()
                    running.start()
            found = wait_until_settled(settings, count, running.tail)
    stories = {f"story:article-{number}" for number in range(1, count + 1)}
    assert stories <= {event for event, _ in found}
    assert max(alerts(phone).values()) == 1
    digests = [row for row in found.values() if row.kind == Kind.DIGEST]
    assert {row.title for row in digests if row.state is TOLD} <= set(phone.titles)
    named = "\n".join(row.text for row in digests)  # one that was killed may have arrived as well
    for event in stories:
        title = f"Title {event.removeprefix('story:article-')}"
        is_told = found[event, "phone"].state is TOLD and title in alerts(phone)
        assert is_told or f'"- {title}"' in named, event


def test_a_second_notifier_of_the_same_folder_ends_and_the_first_goes_on(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", RULES)
        with recorded(settings) as history, notifier_process(settings, tmp_path / "log"):
            second = notifier_of(settings, tmp_path / "second")
            second.start()
            assert second.process is not None
            assert second.process.wait(60) == os.EX_CONFIG
            assert "a notifier is running already" in second.tail()
            history.write(news(1))
            assert phone.wait(1) == ["Title 1"]


def test_a_second_notifier_of_another_machine_ends_and_the_first_goes_on(
    settings_for: Callable[[str], Settings], tmp_path: Path
) -> None:
    with receiver() as phone:
        settings = settings_for(f"phone={phone.url}")
        with recorded(settings) as history, notifier_process(settings, tmp_path / "log"):
            second = notifier_of(settings.changed(state_dir=tmp_path / "elsewhere"), tmp_path / "second")
            second.start()
            assert second.process is not None
            assert second.process.wait(60) == os.EX_CONFIG
            assert "another notifier is alive" in second.tail()
            history.write(news(1))
            assert phone.wait(1) == ["Title 1"]


def test_a_clock_that_is_set_loses_and_doubles_nothing(tmp_path: Path) -> None:
    library, file = find_library(), tmp_path / "time"
    assert library is not None

    def set_clock(seconds: int) -> datetime:
        """Set the clock of the notifier, and return what it shows."""
        draft = file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}")
        draft.replace(file)
        return datetime.now(UTC) + timedelta(seconds=seconds)

    set_clock(0)
    clock = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}
    clock["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    with receiver() as phone:
        rules = f"{RULES}digest_minutes = 0.02\n"
        settings = notifier_settings(tmp_path, f"phone={phone.url}", rules)
        with recorded(settings) as history:
            with notifier_process(settings, tmp_path / "log", **clock) as notifier:
                for number, seconds in enumerate((0, -7200, 90, 86_400, -60), start=1):
                    history.write(news(number, at=set_clock(seconds)))
                    phone.wait(number)
                phone.hold.set()
                history.write(news(6, at=set_clock(-7200)))
                phone.wait_asked(6)
                notifier.kill()
            phone.hold.clear()
            set_clock(-9000)
            with notifier_process(settings, tmp_path / "log", **clock) as notifier:
                phone.wait(7)  # the digest
                wait_until_settled(settings, 7, notifier.tail)
            began = set_clock(-20_000)
            with notifier_process(settings, tmp_path / "log", **clock) as notifier:
                history.write(news(7, at=began))
                phone.wait(8)
                wait_until_settled(settings, 8, notifier.tail)
    assert alerts(phone) == {f"Title {number}": 1 for number in range(1, 8)}
    digests = [body["message"] for body in phone.bodies if "notice from" in body["title"]]
    assert ["- Title 6" in text for text in digests] == [True]
    assert len(book(settings)) == len(phone.bodies)
