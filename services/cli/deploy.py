"""`cryptoboy deploy`: generates the production configuration of RabbitMQ and Redis from code and secrets."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.support.answers import say
from services.cli.support.options import load_settings
from services.common.broker.rabbitmq.definitions import definitions
from services.common.broker.rabbitmq.users import SALT_BYTES, password_hash
from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.settings.settings import PROJECT_ROOT
from services.common.store.redis.users import acl_file
from services.operations.secrets.files import BROKER_SECRETS, DEFAULT_FOLDER, STORE_SECRETS, read_passwords

DEFINITIONS_FILE = PROJECT_ROOT / "deploy" / "rabbitmq" / "definitions.json"
_READABLE = 0o444

Folder = Annotated[Path, typer.Option("--secrets", help="Folder of the secrets.", show_default="secrets")]
Out = Annotated[Path, typer.Option("--out", help="The file to write; - prints it.")]

deploy_app = typer.Typer(help="What servers are started with in production.", no_args_is_help=True)


@deploy_app.command("rabbitmq-definitions")
def rabbitmq_definitions(
    out: Out = Path("-"),
    secrets_folder: Folder = DEFAULT_FOLDER,
    without_users: Annotated[
        bool, typer.Option("--without-users", help="Only queues, exchanges, bindings and policies.")
    ] = False,
) -> None:
    """Write RabbitMQ's definitions: queues, policies, and a user with minimal rights for each service.

    RABBITMQ_VHOST and QUEUE_MAX_LENGTH are used. Passwords come from the secrets and are written as salted hashes.

    Example: ./cryptoboy deploy rabbitmq-definitions --out /etc/rabbitmq/definitions.json
    """
    settings = load_settings({"rabbitmq_vhost", "queue_max_length"})
    hashes = None
    if not without_users:
        passwords = read_passwords(secrets_folder, BROKER_SECRETS)
        hashes = {
            user: password_hash(password, secrets.token_bytes(SALT_BYTES))
            for user, password in passwords.items()
        }
    write(render(definitions(settings.rabbitmq_vhost, settings.queue_max_length, hashes)), out)


@deploy_app.command("redis-acl")
def redis_acl(out: Out = Path("-"), secrets_folder: Folder = DEFAULT_FOLDER) -> None:
    """Write Redis's ACL file, which lets the cacher write, the strategy read, and the operator pause and resume.

    Example: ./cryptoboy deploy redis-acl --out /etc/redis/users.acl
    """
    write(acl_file(read_passwords(secrets_folder, STORE_SECRETS)), out)


def render(parts: dict[str, list[dict[str, Any]]]) -> str:
    """The JSON text of the definitions, with each object on a line of its own."""
    lists = (
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {json.dumps(each)}" for each in entries) + "\n  ]"
        for name, entries in parts.items()
    )
    return "{\n" + ",\n".join(lists) + "\n}\n"


def write(text: str, out: Path) -> None:
    """Replace a file. The server's user may read the file, because it contains hashes and no passwords.

    Raises:
        StopProgram: the file cannot be written.
    """
    if str(out) == "-":
        sys.stdout.write(text)
        return
    try:
        write_whole(out, text, mode=_READABLE)
    except OSError as error:
        raise StopProgram(
            f"{out} cannot be written ({error.strerror}); name another file with --out"
        ) from error
    say(f"wrote {out}")
