from __future__ import annotations

from services.common.history.notifying.port import NotifierBatch
from services.common.history.notifying.rows import BriefKind
from services.notifier.briefing import Briefing
from services.notifier.watching.briefs import BriefWatch
from tests.support.notifier.watching import Looker


class Waiting(Briefing):
    """A briefing that has made what is due when a look returns."""

    def until_made(self, looker: Looker) -> None:
        self.look(looker.clock.now())
        self.wait(60.0)


def started(looker: Looker) -> tuple[Waiting, BriefWatch]:
    briefing = Waiting(looker.settings, looker.reader, None, looker.log)
    return briefing, BriefWatch(briefing, looker.clock)


def test_a_brief_is_found_until_it_is_written_and_then_never_again(looker: Looker) -> None:
    briefing, watch = started(looker)
    assert looker.keys(watch) == []
    looker.clock.advance(86_400)
    briefing.until_made(looker)
    key = ["brief:daily:2026-11-21"]
    assert looker.keys(watch, is_written=False) == looker.keys(watch) == key
    assert looker.keys(watch) == looker.keys(started(looker)[1]) == []
    assert looker.reader.brief(BriefKind.DAILY, looker.clock.now().date()) is not None


def test_a_look_without_a_brief_writes_nothing(looker: Looker) -> None:
    _, watch = started(looker)
    looker.look(watch)
    assert watch.look().also == NotifierBatch()
