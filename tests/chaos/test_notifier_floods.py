"""More than a channel takes: nothing that matters is lost, nothing comes twice, and no other channel waits.

CHAOS_OUTAGE_SECONDS says how long Telegram refuses; CONTRIBUTING names the command with ten minutes.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from services.common.history.notifying.rows import NoticeState
from services.common.history.port import Batch
from tests.support.notifier.process import alerts, digested, notifier_process, states, wait_until_settled
from tests.support.notifier.receiver import receiver
from tests.support.notifier.running import news, notifier_settings, recorded
from tests.support.telegram.bot_api import bot_api
from tests.support.waiting import PATIENCE_SECONDS

OUTAGE_SECONDS = float(os.environ.get("CHAOS_OUTAGE_SECONDS", "8"))
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300 + 2 * OUTAGE_SECONDS)]
SOON_SECONDS = 10.0
URGENT_EVERY = 10
RULES = """preset = 'none'
[channels.telegram]
per_minute = 5
digest_minutes = 0.05
escalate_to = 'phone'
escalate_after_seconds = 2
[channels.phone]
per_minute = 600
urgent_per_minute = 600
[[rules]]
name = 'news'
kinds = ['story']
"""


def story(number: int) -> Batch:
    """A story; every tenth is urgent."""
    if is_urgent(number):
        return news(number, score=-0.9, event_type="hack")
    return news(number)


def is_urgent(number: int) -> bool:
    return number % URGENT_EVERY == 0


def test_a_bot_api_server_that_refuses_everything_with_429_costs_nothing_and_delays_no_other_channel(
    tmp_path: Path,
) -> None:
    count = max(30, int(OUTAGE_SECONDS / 5))
    delays: list[float] = []
    with bot_api() as api, receiver() as phone:
        settings = notifier_settings(
            tmp_path,
            f"phone={phone.url}",
            RULES,
            NOTIFY_TELEGRAM_TOKEN=api.token,
            NOTIFY_TELEGRAM_CHATS="7",
            NOTIFY_TELEGRAM_API=api.url,
        )
        with recorded(settings) as history, notifier_process(settings, tmp_path / "log") as notifier:
            began = time.monotonic()
            api.flood = max(1, int(OUTAGE_SECONDS / 20))
            for number in range(1, count + 1):
                written = time.monotonic()
                history.write(story(number))
                phone.wait(number)
                delays.append(time.monotonic() - written)
                time.sleep(max(0.0, began + number * OUTAGE_SECONDS / count - time.monotonic()))
            assert "send nothing" in notifier.health()[1]["dependencies"]["channel telegram"]["detail"]
            assert api.chats.to(7) == []
            asked = len(api.called("sendMessage"))
            api.flood, ended = 0, time.monotonic()
            found = wait_until_settled(
                settings,
                2 * count,
                notifier.tail,
                PATIENCE_SECONDS + OUTAGE_SECONDS,
            )
            recovered = time.monotonic() - ended
    assert max(delays) < SOON_SECONDS
    assert alerts(phone) == {f"Title {number}": 1 for number in range(1, count + 1)}
    assert len(phone.bodies) == count  # urgent ones were escalated to a channel that had been told already
    messages = [each.text for each in api.chats.to(7)]
    told = Counter(text.splitlines()[0] for text in messages if text.startswith("Title"))
    assert set(told.values()) == {1}
    assert {f"Title {number}" for number in range(1, count + 1) if is_urgent(number)} <= told.keys()
    assert digested(messages) == count - len(told)
    assert states({key: row for key, row in found.items() if row.channel == "telegram"}) == {
        NoticeState.TOLD: len(messages),
        NoticeState.DIGESTED: count - len(told),
    }
    sys.stdout.write(
        f"429 for {ended - began:.0f} s, {asked} sends refused; of {count} stories the other channel was told each "
        f"within {max(delays):.2f} s, and Telegram {len(told)} and {digested(messages)} in digests within "
        f"{recovered:.0f} s of the end\n"
    )


def test_of_a_thousand_stories_in_a_minute_the_urgent_ones_are_told_and_the_others_counted(
    tmp_path: Path,
) -> None:
    count, at_once = 1000, 100
    rules = "preset = 'everything'\n[channels.phone]\ndigest_minutes = 0.05\n"
    with receiver() as phone:
        settings = notifier_settings(tmp_path, f"phone={phone.url}", rules)
        with recorded(settings) as history, notifier_process(settings, tmp_path / "log") as notifier:
            began = time.monotonic()
            for first in range(1, count + 1, at_once):
                batches = [news(number) for number in range(first, first + at_once)]
                urgent = news(first + 10_000, score=-0.9, event_type="hack", title=f"Urgent {first}")
                history.write(together([*batches, urgent]))
            found = wait_until_settled(settings, count + count // at_once + 1, notifier.tail)
            seconds = time.monotonic() - began
    urgent_titles = Counter(title for title in phone.titles if title.startswith("Urgent"))
    assert urgent_titles == {f"Urgent {first}": 1 for first in range(1, count + 1, at_once)}
    told = alerts(phone)
    assert set(told.values()) == {1}
    assert len(told) <= 10 + seconds / 6 + 1  # `per_minute`, and what comes back of it meanwhile
    assert digested(phone.titles) == count - len(told)
    assert states(found) == {
        NoticeState.TOLD: len(phone.bodies),
        NoticeState.DIGESTED: count - len(told),
    }
    assert notifier.tracebacks() == []


def together(batches: Iterable[Batch]) -> Batch:
    """One batch of all rows."""
    whole = Batch()
    for each in batches:
        whole = replace(
            whole,
            articles=(*whole.articles, *each.articles),
            scorings=(*whole.scorings, *each.scorings),
            signals=(*whole.signals, *each.signals),
        )
    return whole
