from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.history.notifying.rows import NoticeState
from services.common.history.open import open_reader
from tests.support.notifier.process import alerts, wait_until_settled
from tests.support.notifier.receiver import Broken, receiver
from tests.support.notifier.running import news, notifier_settings, notifying, recorded
from tests.support.waiting import eventually


def test_news_is_told_to_each_channel_with_what_is_known_and_its_receipt(tmp_path: Path) -> None:
    with receiver() as phone, receiver() as mail:
        settings = notifier_settings(tmp_path, f"phone={phone.url} mail={mail.url}")
        with recorded(settings) as history, notifying(settings):
            history.write(news(1))
            assert phone.wait(1) == mail.wait(1) == ["Title 1"]
            text = phone.bodies[0]["message"]
    assert "BTC/USDT: very bullish +0.80" in text
    assert "told by Wire" in text
    assert "Receipt: ./cryptoboy news article-1; scored by lexicon." in text
    assert "https://news.example/1" in text
    settings_reader = open_reader(settings)
    rows = settings_reader.notices().rows
    settings_reader.close()
    assert {(row.channel, row.event_key, row.state) for row in rows} == {
        ("phone", "story:article-1", NoticeState.TOLD),
        ("mail", "story:article-1", NoticeState.TOLD),
    }


def test_a_story_that_five_sources_tell_is_one_message(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}")
        with recorded(settings) as history, notifying(settings):
            history.write(news(1))
            phone.wait(1)
            for number in range(2, 6):
                history.write(
                    news(number, story=1, source=f"Site {number}", revision=number, corroboration=number - 1)
                )
            history.write(news(9, title="The end"))
            assert phone.wait(2) == ["Title 1", "The end"]


def test_a_story_whose_score_has_turned_is_corrected_once_where_it_was_told(tmp_path: Path) -> None:
    rules = "preset = 'none'\n[[rules]]\nname = 'strong'\nstrength = 0.7\nto = ['phone']"
    with receiver() as phone, receiver() as mail:
        settings = notifier_settings(tmp_path, f"phone={phone.url} mail={mail.url}", rules)
        with recorded(settings) as history, notifying(settings):
            history.write(news(1, score=-0.8, title="A hack"))
            phone.wait(1)
            history.write(news(2, story=1, source="Blog", score=0.4, revision=1, title="No hack"))
            assert phone.wait(2) == ["A hack", "No longer as told: A hack"]
        with recorded(settings) as history, notifying(settings):
            history.write(news(3, story=1, source="Site", score=-0.9, revision=2))
            history.write(news(4, story=1, source="Other", score=0.9, revision=3))
            history.write(news(9, title="The end"))
            assert phone.wait(3)[2] == "The end"
    text = phone.bodies[1]["message"]
    assert "Now BTC/USDT: bullish +0.40\nTold as BTC/USDT: very bearish −0.80\nNewest report: No hack" in text
    assert mail.titles == []


def test_what_was_recorded_before_the_first_start_is_not_told(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}")
        with recorded(settings) as history:
            history.write(news(1))
            with notifying(settings):
                history.write(news(2))
                assert phone.wait(1) == ["Title 2"]


def test_what_came_while_the_notifier_was_off_is_told_when_it_is_back(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}")
        with recorded(settings) as history:
            with notifying(settings):
                history.write(news(1))
                phone.wait(1)
            history.write(news(2))
            with notifying(settings):
                assert phone.wait(2) == ["Title 1", "Title 2"]


def test_a_second_notifier_on_the_same_state_does_not_start(tmp_path: Path) -> None:
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}")
        with recorded(settings), notifying(settings):  # noqa: SIM117 - the second one alone is refused
            with pytest.raises(StopProgram, match="a notifier is running already"), notifying(settings):
                pass


def test_a_channel_that_is_away_delays_no_other(tmp_path: Path) -> None:
    with receiver() as phone, receiver() as mail:
        mail.always = 429
        settings = notifier_settings(tmp_path, f"phone={phone.url} mail={mail.url}")
        with recorded(settings) as history, notifying(settings) as service:
            history.write(news(1))
            assert phone.wait(1) == ["Title 1"]
            mail.wait_asked(1)
            history.write(news(2))
            assert phone.wait(2) == ["Title 1", "Title 2"]
            eventually(lambda: not service.health()["channel mail"].ok, "the mail counts as failing")
            mail.always = 200
            assert mail.wait(2) == ["Title 1", "Title 2"]


def test_a_channel_whose_answers_are_all_lost_gets_one_digest_and_not_one_after_the_other(
    tmp_path: Path,
) -> None:
    with receiver() as phone:
        phone.always = Broken.BEFORE_ANSWER
        settings = notifier_settings(tmp_path, f"phone={phone.url}")
        with recorded(settings) as history, notifying(settings):
            history.write(news(1))
            phone.wait(2)
            states = [row.state for row in wait_until_settled(settings, 2).values()]
            assert states == [NoticeState.UNSURE] * 2
            history.write(news(2))
            titles = phone.wait(4)
    assert [title.partition(" from")[0] for title in titles] == [
        "Title 1",
        "1 notice",
        "Title 2",
        "2 notices",
    ]
    assert f"- {titles[1]}" in phone.bodies[3]["message"]


def test_what_happened_more_than_an_hour_before_the_start_stands_in_the_digest(tmp_path: Path) -> None:
    rules = "preset = 'everything'\n[channels.phone]\ndigest_minutes = 0.001"
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", rules)
        with recorded(settings) as history:
            with notifying(settings):
                history.write(news(1))
                phone.wait(1)
            history.write(news(2, at=datetime.now(UTC) - timedelta(minutes=61)))
            history.write(news(3, at=datetime.now(UTC) - timedelta(minutes=50)))
            with notifying(settings):
                phone.wait(3)
                found = wait_until_settled(settings, 4)
    assert alerts(phone) == {"Title 1": 1, "Title 3": 1}
    assert found["story:article-2", "phone"].state is NoticeState.DROPPED
    (digest,) = (body["message"] for body in phone.bodies if "notice from" in body["title"])
    assert digest.startswith("Could not be told (1):\n- Title 2")


def test_a_message_whose_answer_is_lost_is_not_sent_again_and_stands_in_a_digest(tmp_path: Path) -> None:
    with receiver() as phone:
        phone.plans = [Broken.BEFORE_ANSWER]
        settings = notifier_settings(tmp_path, f"phone={phone.url}")
        with recorded(settings) as history, notifying(settings):
            history.write(news(1))
            titles = phone.wait(2)
            assert titles[0] == "Title 1"
            assert titles[1].startswith("1 notice from")
            assert (
                "May have arrived or not, so it is not sent again (1):\n- Title 1"
                in phone.bodies[1]["message"]
            )
