"""The tables of `cryptoboy queues` and of its dead letters."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Column, Table

from services.cli.support.answers import answer_console, plain_table, whole
from services.common.settings.settings import BrokerKind
from services.operations.dead_letters import DeadLetter
from services.operations.queues.report import QueueReport

SHOWN_IN_A_LIST = 100
_ROOM_BESIDE_IDS = 60


def show_queues(reports: Sequence[QueueReport], broker: BrokerKind) -> None:
    """Print a row for each queue; there are columns for rates if the rate of any queue is known."""
    with_rates = any(report.incoming_per_second is not None for report in reports)
    rates = ("in/s", "out/s") if with_rates else ()
    table = plain_table(Column("queue", no_wrap=True), "type", "ready", "held", "readers", *rates, "age")
    table.title = f"Queues ({broker.value})"
    about = "~" if broker is BrokerKind.RABBITMQ else ""
    for report in reports:
        speeds = (report.incoming_per_second, report.outgoing_per_second)
        table.add_row(
            report.name,
            report.kind,
            str(report.ready),
            _or_blank(report.unacknowledged, "d"),
            str(report.consumers),
            *(_or_blank(speed, ".1f") for speed in speeds if with_rates),
            "" if report.oldest_seconds is None else f"{about}{report.oldest_seconds:.0f} s",
        )
    answer_console().print(table)


def _or_blank(value: object, spec: str) -> str:
    return "" if value is None else format(value, spec)


def show_dead_letters(letters: Sequence[DeadLetter]) -> None:
    """Print a row for each dead letter up to a limit; ids are not cut, so that they can be copied."""
    if not letters:
        print("No dead letters.")
        return
    ids = [printable(letter.id) for letter in letters[:SHOWN_IN_A_LIST]]
    table = Table("queue", whole("id", ids), "attempts", "reason", title=f"{len(letters)} dead letter(s)")
    for letter, identity in zip(letters, ids, strict=False):
        reason = printable(letter.reason or letter.last_error)
        table.add_row(letter.queue, identity, str(letter.attempts), reason)
    console = answer_console(room=_ROOM_BESIDE_IDS + max(map(cell_len, ids)))
    console.print(table)
    if len(letters) > SHOWN_IN_A_LIST:
        console.print(f"{len(letters) - SHOWN_IN_A_LIST} more; --json lists all of them.")


def printable(text: str) -> str:
    """The text with its control characters escaped, so that it cannot control a terminal."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
