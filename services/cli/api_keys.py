"""`cryptoboy secrets api-key`: makes, lists and revokes the keys of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.support.answers import print_json, say
from services.cli.support.options import Json, settings_for
from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file

api_key_app = typer.Typer(help="Keys of the API: made, listed, revoked.", no_args_is_help=True)
_USES = frozenset({"api_keys_file", "state_dir"})


def _keys() -> ApiKeys:
    return ApiKeys(keys_file(settings_for(uses=_USES)))


@api_key_app.command("make")
def make(
    name: Annotated[str, typer.Argument(help="What the key is for, such as grafana.")],
    scope: Annotated[Scope, typer.Option(help="read, or control: also pause, resume, replay.")] = Scope.READ,
    json_output: Json = False,
) -> None:
    """Make a key and print it. It is shown this once: only its hash is kept.

    Example: ./cryptoboy secrets api-key make freqtrade
    """
    key = _keys().make(name, scope, datetime.now(UTC))
    if json_output:
        print_json({"key": key, "name": name, "scope": scope})
    else:
        print(key)
        say(f"a key to {scope}: send it as Authorization: Bearer KEY; it is not shown again")


@api_key_app.command("list")
def show(json_output: Json = False) -> None:
    """Show the id, name, scope and age of each key, never the key itself.

    Example: ./cryptoboy secrets api-key list
    """
    keys = _keys().all()
    if json_output:
        print_json({"keys": [key.as_json() for key in keys]})
        return
    for key in keys:
        print(f"{key.id}  {key.scope:7}  {key.made}  {key.name}")
    if not keys:
        say("there are no keys; ./cryptoboy secrets api-key make NAME makes one")


@api_key_app.command("revoke")
def revoke(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The id that `list` shows.")],
    json_output: Json = False,
) -> None:
    """Revoke a key. A running API refuses it from its next request on.

    Example: ./cryptoboy secrets api-key revoke 1f0c22ab
    """
    key = _keys().revoke(identity)
    if json_output:
        print_json({"revoked": key.as_json()})
    else:
        say(f"revoked the key {key.id} ({key.name})")
