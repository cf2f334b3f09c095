"""`cryptoboy secrets`: creates the missing secrets of a production system, and the keys of the API."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from services.cli.api_keys import api_key_app
from services.cli.support.answers import print_json, say
from services.cli.support.options import Json
from services.common.settings.folders import CONFIGURATION
from services.operations.secrets.certificates import make_certificates
from services.operations.secrets.files import DEFAULT_FOLDER, GIVEN, make_secrets, tell_compose
from services.operations.secrets.takeover import find_secrets, secrets_left, unused_in_production

Folder = Annotated[Path, typer.Option("--dir", help="Folder of the secrets.", show_default="secrets")]

secrets_app = typer.Typer(
    help="Secrets of production, one file each, and the keys of the API.", no_args_is_help=True
)
secrets_app.add_typer(api_key_app, name="api-key")


@secrets_app.command("certificates")
def certificates(folder: Folder = DEFAULT_FOLDER) -> None:
    """Make a private CA and a certificate for the servers, for docker-compose.tls.yml. Older ones are replaced.

    They are valid for 397 days. You can use certificates of your own CA instead, under the same file names: tls_ca,
    tls_certificate, tls_key.

    Example: ./cryptoboy secrets certificates
    """
    folder = folder.resolve()
    make_secrets(folder)
    make_certificates(folder)
    say(f"made tls_ca, tls_certificate and tls_key in {folder}")


@secrets_app.command("init")
def init(folder: Folder = DEFAULT_FOLDER, json_output: Json = False) -> None:
    """Make every secret that is missing. Existing secrets are kept.

    Keys and tokens that others issue, and the passwords that a person uses, are taken from .env. All other
    passwords are random, and all other keys are empty files for you to fill. The command lists the lines of .env that
    production does not use. It sets CRYPTOBOY_SECRETS in .env for Compose. To change a password, delete its file and
    run this command again.

    Example: ./cryptoboy secrets init
    """
    folder = folder.resolve()
    env_file = CONFIGURATION / ".env"
    found = find_secrets(env_file)
    done = make_secrets(folder, found.texts)
    tell_compose(env_file, folder)
    unused = unused_in_production(env_file)
    if json_output:
        print_json({"folder": folder, **asdict(done), "unused": unused})
        return
    say(f"{len(done.made)} made, {len(done.kept)} kept in {folder}; {env_file} names it")
    for note in found.notes:
        say(note)
    if done.taken_over:
        say(f"taken over from {env_file}: {', '.join(done.taken_over)}")
    if left := secrets_left(env_file):
        say(f"production does not read these there; remove them: {', '.join(left)}")
    if unused:
        say(
            f"production does not use these lines of {env_file}: {', '.join(unused)} "
            "(inside Compose, addresses and users are fixed)"
        )
    empty = [name for name in GIVEN if not (folder / name).read_text().strip()]
    if empty:
        say(f"empty, to fill in if you need them: {', '.join(empty)}")
