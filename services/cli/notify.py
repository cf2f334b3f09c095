"""`cryptoboy notify`: tests channels, and shows what would have been told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import Json, settings_for
from services.cli.views.notify import show_preview, show_test
from services.common.errors import StopProgram
from services.common.settings.history import HISTORY_FIELDS
from services.common.settings.notifier import NotifierSettings
from services.operations.connections import connected_history

notify_app = typer.Typer(
    no_args_is_help=True, help="Test the channels of notifications, and see what they would get."
)
_USES = frozenset({*NotifierSettings.model_fields, "trading_pairs"})
RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", help="A file of rules. Default: NOTIFY_RULES_FILE.", show_default=False),
]


@notify_app.command("test")
def send_test(
    channel: Annotated[
        list[str] | None,
        typer.Option("--channel", "-c", help="Name of a channel. Default: all.", show_default=False),
    ] = None,
    json_output: Json = False,
) -> None:
    """Check the rules, and send a test message to each channel. The notifier may run meanwhile.

    The exit status is 0 if every channel has accepted its message.

    Example: ./cryptoboy notify test --channel phone
    """
    from services.notifier.rules.load import load_rules
    from services.notifier.trial import try_channels

    settings = settings_for(uses=_USES)
    load_rules(settings)
    results = try_channels(settings, tuple(channel or ()), datetime.now(UTC))
    if json_output:
        print_json(results)
    else:
        show_test(results)
    if not all(result.is_accepted for result in results):
        raise StopProgram(
            "some channels did not accept the test; docs/notifications.md says how each is set up"
        )


@notify_app.command("preview")
def preview(
    hours: Annotated[
        float, typer.Option(min=0.01, max=24 * 31, help="The length of the period until now.")
    ] = 24,
    rules_file: RulesFile = None,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="Messages to show for each rule.")] = 3,
    json_output: Json = False,
) -> None:
    """Show what the last hours would have sent, by rule and channel, with the rules as they are now.

    Stories, trades, holds and dead letters are taken from the history. What is only seen as it happens is left out:
    moods, steps of profit, prices, silent sources and services. Limits by minute are not applied.

    Example: ./cryptoboy notify preview --hours 24 --rules notify.toml
    """
    from services.notifier.preview import preview as made
    from services.notifier.rules.load import load_rules

    settings = settings_for(uses=_USES | HISTORY_FIELDS)
    if rules_file is not None:
        settings = settings.changed(notify_rules_file=rules_file)
    names = settings.channel_names or ("all",)
    rules = load_rules(settings, names)
    now = datetime.now(UTC)
    with connected_history(settings) as history:
        found = made(history, rules, names, now - timedelta(hours=hours), now)
    if json_output:
        print_json(found.as_json())
    else:
        show_preview(found, limit)
