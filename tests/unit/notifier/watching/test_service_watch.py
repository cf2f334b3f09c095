from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from services.common.settings.settings import Settings
from services.notifier.watching.alertmanager import Alertmanager, OwnWatch
from services.notifier.watching.services import ServiceWatch
from services.operations.health import AWAY, Part, ServiceHealth, SystemHealth
from tests.support.notifier.samples import NOW
from tests.support.notifier.watching import Looker


class Answers:
    """The services' answers; `states` are the states by service."""

    def __init__(self, **states: str) -> None:
        self.states, self.freqtrade = states, ""

    def __call__(self, _settings: Settings, now: datetime, **_more: Any) -> SystemHealth:
        return SystemHealth("ok", now, tuple(self._service(*each) for each in self.states.items()))

    def _service(self, name: str, status: str) -> ServiceHealth:
        parts = (Part("freqtrade", self.freqtrade, False, "connection refused"),) if self.freqtrade else ()
        return ServiceHealth(name, status, "1", 5.0, parts)


def watch(looker: Looker, answers: Answers, seconds: float = 0.0) -> ServiceWatch:
    return ServiceWatch(looker.settings, looker.clock, seconds, looker.position, answers)


def told(looker: Looker, one: ServiceWatch | OwnWatch, *, is_written: bool = True) -> list[str]:
    return [f"{each.kind} {each.message.title}" for each in looker.look(one, is_written=is_written)]


def test_a_service_that_goes_and_comes_back_is_told_once_each(looker: Looker) -> None:
    answers = Answers(news_poller="ok")
    one = watch(looker, answers)
    assert told(looker, one) == []
    answers.states["news_poller"] = AWAY
    down = ["service_down news_poller does not work"]
    assert told(looker, one, is_written=False) == told(looker, one) == down
    assert told(looker, one) == told(looker, watch(looker, answers)) == []
    answers.states["news_poller"] = "ok"
    assert told(looker, one) == ["service_up news_poller works again"]


def test_a_service_that_does_not_come_back_with_the_machine_is_told(looker: Looker) -> None:
    answers = Answers(news_poller="ok", market_streamer=AWAY)
    told(looker, watch(looker, answers))
    answers.states["news_poller"] = AWAY
    assert told(looker, watch(looker, answers)) == ["service_down news_poller does not work"]


def test_a_service_that_never_answered_is_not_missed(looker: Looker) -> None:
    one = watch(looker, Answers(news_poller=AWAY))
    assert told(looker, one) == []
    assert one.look().health == "no service has answered here: see API_SERVICES"


def test_a_short_pause_is_not_told(looker: Looker) -> None:
    answers = Answers(news_poller="ok")
    one = watch(looker, answers, seconds=1000)
    told(looker, one)
    answers.states["news_poller"] = AWAY
    assert told(looker, one) == []


def test_a_bot_that_the_recorder_loses_is_told(looker: Looker) -> None:
    answers = Answers(history_recorder="ok")
    answers.freqtrade = "ok"
    one = watch(looker, answers)
    assert told(looker, one) == []
    answers.freqtrade = "down"
    (found,) = looker.look(one)
    assert found.message.title == "freqtrade does not work"
    assert "connection refused" in found.message.lines[0]


@pytest.mark.parametrize("is_expected", [True, False])
def test_what_alertmanager_tells_is_told_here_until_it_has_called(looker: Looker, is_expected: bool) -> None:
    answers = Answers(news_poller="ok")
    alertmanager = Alertmanager(looker.position, is_expected=is_expected)
    one = OwnWatch(watch(looker, answers), alertmanager)
    told(looker, one)
    answers.states["news_poller"] = AWAY
    assert told(looker, one) == ["service_down news_poller does not work"]
    looker.log.write(alertmanager.call(NOW))
    alertmanager.called()
    answers.states["news_poller"] = "ok"
    later = OwnWatch(watch(looker, answers), Alertmanager(looker.position, is_expected=is_expected))
    is_told = ["service_up news_poller works again"]
    assert told(looker, one, is_written=False) == told(looker, later) == ([] if is_expected else is_told)
    assert one.look().health == ("Alertmanager tells it" if is_expected else "watched")
