"""What `cryptoboy notify` prints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rich.text import Text

from services.cli.support.answers import answer_console, plain_table
from services.notifier.message import as_text
from services.notifier.notice import Notice
from services.notifier.preview import LEFT_OUT, Preview
from services.notifier.trial import Tested


def show_test(results: Sequence[Tested]) -> None:
    """Print a row for each channel."""
    table = plain_table("channel", "test", "")
    for result in results:
        table.add_row(
            Text(result.shown_name), "accepted" if result.is_accepted else "not accepted", Text(result.why)
        )
    answer_console().print(table)


def show_preview(found: Preview, limit: int) -> None:
    """Print the number of notices of each rule and channel, and the newest of each rule."""
    by_rule: dict[str, list[Notice]] = defaultdict(list)
    for notice in found.notices:
        by_rule[notice.rule].append(notice)
    console = answer_console()
    table = plain_table("rule", "channel", "notices", "of them in quiet hours")
    for rule, notices in by_rule.items():
        for channel in sorted({notice.channel for notice in notices}):
            own = [notice for notice in notices if notice.channel == channel]
            quiet = sum((notice.event_key, notice.channel) in found.quiet for notice in own)
            table.add_row(Text(rule), Text(channel), str(len(own)), str(quiet or ""))
    console.print(table)
    for rule, notices in by_rule.items():
        told = {notice.event_key: notice for notice in notices}
        for notice in list(told.values())[-limit:] if limit else []:
            console.print(Text(f"\n[{rule}] {notice.happened:%Y-%m-%d %H:%M} UTC", style="bold"))
            console.print(Text(as_text(notice.message)))
    console.print(
        Text(
            f"\n{found.happened} happened from {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC; "
            f"{len({notice.event_key for notice in found.notices})} would have been told. Not in it: {LEFT_OUT}."
        )
    )
