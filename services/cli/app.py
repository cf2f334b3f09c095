"""The list of all commands of `./cryptoboy`."""

from __future__ import annotations

from services.cli import (
    backtest,
    brief,
    control,
    demo,
    deploy,
    doctor,
    evaluate,
    mcp,
    news,
    notify,
    offline,
    performance,
    queues,
    score,
    secret_files,
    sentiment,
    serve,
    sources,
    strategy,
    trade,
    up,
    walk_forward,
    why,
)
from services.cli.checkout import ANY_ARGUMENTS, add_checkout_command
from services.cli.history import app as history
from services.cli.support.extras import extras_of_commands, require_extras
from services.cli.support.running import new_app, run_app
from services.cli.support.version import Version
from services.common.settings.folders import COMMAND

app = new_app(
    name="cryptoboy",
    help=f"News sentiment for Freqtrade. Begin with: {COMMAND} demo",
    no_args_is_help=True,
)


@app.callback()
def options(version: Version = False) -> None:
    """Take the options that stand before a command; `--version` ends the program by itself."""


app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("serve")(serve.serve)
app.command("mcp")(mcp.mcp)
app.command("trade")(trade.trade)
add_checkout_command(app, "test", context_settings=ANY_ARGUMENTS)
app.command("doctor")(doctor.doctor)
app.command("score")(score.score)
app.command("sentiment")(sentiment.sentiment)
app.command("why")(why.why)
app.command("news")(news.news)
app.command("sources")(sources.sources)
app.add_typer(notify.notify_app, name="notify")
app.command("performance")(performance.performance)
app.command("brief")(brief.brief)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(history.history_app, name="history")
app.command("backtest")(backtest.backtest)
app.command("walk-forward")(walk_forward.walk_forward)
app.command("offline", context_settings=offline.WORDS)(offline.offline)
require_extras(app, extras_of_commands())
add_checkout_command(
    app, "bench"
)  # below, as a wheel, which has no such command, has no way to get it by an extra
app.add_typer(queues.queues_app, name="queues")
app.add_typer(strategy.strategy_app, name="strategy")
app.add_typer(secret_files.secrets_app, name="secrets")
app.add_typer(deploy.deploy_app, name="deploy")
app.command("pause")(control.pause)
app.command("resume")(control.resume)


def main() -> None:
    """Run the command line; see `run_app`."""
    run_app(app, "cryptoboy", COMMAND)
