"""`cryptoboy queues dlq`: lists, shows, replays and drops dead letters."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import OF_BROKER, Broker, Json, settings_for
from services.cli.views.queues import printable, show_dead_letters
from services.common.errors import StopProgram
from services.common.settings.settings import BrokerKind
from services.operations.connections import connected_broker
from services.operations.dead_letters import DeadLetter, DeadLetterBox, queues_with_dead_letters

SHOWN_BODY = 4_000

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of messages, as `list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="Every dead letter, of --queue if that is given.")]
QueueName = Annotated[str | None, typer.Option("--queue", help="Only those of this queue.")]

dlq_app = typer.Typer(help="Dead letters: messages that were given up, and why.", no_args_is_help=True)


@dlq_app.command("list")
def list_letters(queue: QueueName = None, json_output: Json = False, broker: Broker = None) -> None:
    """List dead letters with the reason of each.

    Example: ./cryptoboy queues dlq list --queue raw_news_data
    """
    with _box(queue, broker) as box:
        letters = box.letters()
    if json_output:
        print_json([_without_body(letter) for letter in letters])
    else:
        show_dead_letters(letters)


@dlq_app.command()
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    json_output: Json = False,
    broker: Broker = None,
) -> None:
    """Show one dead letter with its errors and its body.

    Example: ./cryptoboy queues dlq show 491f3b93b8cdf519180731b672a71e04
    """
    with _box(None, broker) as box:
        letter = box.find(identity)
    shown = {**_without_body(letter), "body": letter.body[:SHOWN_BODY].decode(errors="replace")}
    if json_output:
        print_json(shown)
        return
    for name, value in shown.items():
        print(f"{name}: {printable(str(value))}")


@dlq_app.command()
def replay(
    ids: Ids = None,
    every: All = False,
    queue: QueueName = None,
    json_output: Json = False,
    broker: Broker = None,
) -> None:
    """Publish dead letters to their queues again as new messages. An interruption loses no message.

    Example: ./cryptoboy queues dlq replay --all --queue raw_news_data
    """
    chosen = _chosen(ids, every=every)
    with _box(queue, broker) as box:
        count = box.replay(chosen)
    _say_how_many("replayed", count, json_output=json_output)


@dlq_app.command()
def drop(
    ids: Ids = None,
    every: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    queue: QueueName = None,
    json_output: Json = False,
    broker: Broker = None,
) -> None:
    """Delete dead letters for good.

    Example: ./cryptoboy queues dlq drop 491f3b93b8cdf519180731b672a71e04 --yes
    """
    chosen = _chosen(ids, every=every)
    if not yes:
        if not sys.stdin.isatty():
            raise StopProgram("dropping is for good: add --yes, or answer at a terminal")
        typer.confirm("Delete them for good?", abort=True, err=True)
    with _box(queue, broker) as box:
        count = box.drop(chosen)
    _say_how_many("dropped", count, json_output=json_output)


@contextmanager
def _box(queue: str | None, broker: BrokerKind | None) -> Iterator[DeadLetterBox]:
    queues = queues_with_dead_letters(queue)
    with (
        connected_broker(settings_for(broker, uses=OF_BROKER)) as connection,
        DeadLetterBox(connection, queues) as box,
    ):
        yield box


def _chosen(ids: list[str] | None, *, every: bool) -> frozenset[str] | None:
    if bool(ids) == every:
        raise StopProgram("name the ids of messages, or say --all")
    return None if every else frozenset(ids or ())


def _say_how_many(done: str, count: int, *, json_output: bool) -> None:
    if json_output:
        print_json({done: count})
    else:
        print(f"{count} message(s) {done}.")


def _without_body(letter: DeadLetter) -> dict[str, Any]:
    fields = asdict(letter)
    return {"bytes": len(fields.pop("body")), **fields}
