"""`cryptoboy queues dlq`: dead letters listed, shown, replayed, dropped."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.table import Table

from services.cli.support.answers import answer_console, whole
from services.cli.support.options import OF_BROKER, Broker, Json, broker_hint, next_step, settings_for
from services.common.clock import SystemClock
from services.common.errors import StopProgram
from services.common.settings.settings import BrokerKind
from services.operations.dead_letters import DeadLetter, DeadLetterBox, queues_with_dead_letters

SHOWN_IN_A_LIST = 100
SHOWN_BODY = 4_000
_ROOM_BESIDE_IDS = 60

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of messages, as `list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="Every dead letter, of --queue if that is given.")]
QueueName = Annotated[str | None, typer.Option("--queue", help="Only those of this queue.")]

dlq_app = typer.Typer(help="Dead letters: what was given up, and why.", no_args_is_help=True)


@dlq_app.command("list")
def list_letters(queue: QueueName = None, json_output: Json = False, broker: Broker = None) -> None:
    """List dead letters with the reason of each.

    Example: ./cryptoboy queues dlq list --queue raw_news_data
    """
    with _box(queue, broker) as box:
        letters = box.letters()
    if json_output:
        print(json.dumps([_as_json(letter, body=False) for letter in letters]))
        return
    if not letters:
        print("No dead letters.")
        return
    ids = [printable(letter.id) for letter in letters[:SHOWN_IN_A_LIST]]
    table = Table("queue", whole("id", ids), "attempts", "reason", title=f"{len(letters)} dead letter(s)")
    for letter, identity in zip(letters, ids, strict=False):  # of very many, the first
        table.add_row(letter.queue, identity, str(letter.attempts), _reason(letter))
    console = answer_console(room=_ROOM_BESIDE_IDS + max(map(cell_len, ids)))
    console.print(table)
    if len(letters) > SHOWN_IN_A_LIST:
        console.print(f"{len(letters) - SHOWN_IN_A_LIST} more; --json lists all of them.")


@dlq_app.command()
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    json_output: Json = False,
    broker: Broker = None,
) -> None:
    """Show one dead letter whole: its errors and its body.

    Example: ./cryptoboy queues dlq show 491f3b93b8cdf519180731b672a71e04
    """
    with _box(None, broker) as box:
        letter = box.find(identity)
    if json_output:
        print(json.dumps(_as_json(letter, body=True)))
        return
    for name, value in _as_json(letter, body=True).items():
        sys.stdout.write(f"{name}: {printable(str(value))}\n")


@dlq_app.command()
def replay(
    ids: Ids = None,
    every: All = False,
    queue: QueueName = None,
    json_output: Json = False,
    broker: Broker = None,
) -> None:
    """Put dead letters back into their queue, as new messages. Nothing is lost if this is interrupted.

    Example: ./cryptoboy queues dlq replay --all --queue raw_news_data
    """
    chosen = _chosen(ids, every=every)
    with _box(queue, broker) as box:
        count = box.replay(chosen)
    _tell("replayed", count, json_output=json_output)


@dlq_app.command()
def drop(
    ids: Ids = None,
    every: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    queue: QueueName = None,
    json_output: Json = False,
    broker: Broker = None,
) -> None:
    """Throw dead letters away for good.

    Example: ./cryptoboy queues dlq drop 491f3b93b8cdf519180731b672a71e04 --yes
    """
    chosen = _chosen(ids, every=every)
    if not yes:
        if not sys.stdin.isatty():
            raise StopProgram("dropping is for good: add --yes, or answer at a terminal")
        typer.confirm("Throw them away for good?", abort=True, err=True)
    with _box(queue, broker) as box:
        count = box.drop(chosen)
    _tell("dropped", count, json_output=json_output)


@contextmanager
def _box(queue: str | None, broker: BrokerKind | None) -> Iterator[DeadLetterBox]:
    from services.common.broker.open import open_broker

    queues = queues_with_dead_letters(queue)
    settings = settings_for(broker, uses=OF_BROKER)
    connection = open_broker(settings, SystemClock())
    try:
        with next_step(broker_hint(settings)):
            connection.start()
        with DeadLetterBox(connection, queues) as box:
            yield box
    finally:
        connection.close()


def _chosen(ids: list[str] | None, *, every: bool) -> frozenset[str] | None:
    if bool(ids) == every:
        raise StopProgram("name the ids of messages, or say --all")
    return None if every else frozenset(ids or ())


def _tell(done: str, count: int, *, json_output: bool) -> None:
    print(json.dumps({done: count}) if json_output else f"{count} message(s) {done}.")


def _reason(letter: DeadLetter) -> str:
    return printable(letter.reason or letter.last_error)


def _as_json(letter: DeadLetter, *, body: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "queue": letter.queue,
        "id": letter.id,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "first_error": letter.first_error,
        "last_error": letter.last_error,
        "bytes": len(letter.body),
    }
    if body:
        shown["body"] = letter.body[:SHOWN_BODY].decode(errors="replace")
    return shown


def printable(text: str) -> str:
    """Text without what could steer a terminal: control characters as escapes."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
