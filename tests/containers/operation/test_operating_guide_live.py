"""The guide's way to live trading as far as the exchange refuses the key, and the ways to stop."""

from __future__ import annotations

from tests.support.containers.bot import Bot
from tests.support.containers.guide_shell import run
from tests.support.containers.stack import Stack
from tests.support.docs.guide import GUIDE, typed
from tests.support.waiting import eventually

BOT, REFUSED = "trading-freqtrade", "78"
SETTINGS = dict(each.split("=", 1) for each in typed("DRY_RUN=false").splitlines())
START = typed("compose up -d freqtrade")


def wait_for_refusal(stack: Stack) -> str:
    """The bot's log of its last start, when it has ended with the status of what a person has to mend."""

    def status() -> str:
        return stack.engine.docker("inspect", "--format", "{{.State.ExitCode}}", BOT).strip()

    eventually(lambda: status() == REFUSED, lambda: log_of(stack), look=0.2)
    return log_of(stack)


def write_keys(stack: Stack, text: str) -> None:
    for name in ("exchange_key", "exchange_secret"):
        (stack.folder / "secrets" / name).write_text(text)


def variable(stack: Stack, name: str) -> str:
    lines = (stack.folder / ".env").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))


def log_of(stack: Stack) -> str:
    return run(stack, typed("compose logs --tail 50 NAME"), NAME="freqtrade")


def test_the_mildest_stops_of_the_table_end_entries_and_then_all_trades(production: Stack) -> None:
    assert all(
        path in GUIDE.read_text() for path in ("/api/v1/stopentry", '`/forceexit` with `{"tradeid": "all"}`')
    )
    bot = Bot(production)
    bot.wait_for_trade()
    assert "paused" in run(production, typed("./cryptoboy pause"))
    assert "allowed" in run(production, typed("./cryptoboy resume"))
    bot.post("stopentry")
    bot.post("forceexit", tradeid="all")
    eventually(lambda: bot.open_trades() == [], "no trade is open", look=1)
    assert bot.get("show_config")["state"] == "paused" or bot.get("show_config")["max_open_trades"] == 0


def test_the_container_is_stopped_by_the_line_of_the_table(production: Stack) -> None:
    run(production, typed("compose stop freqtrade"))
    assert production.engine.docker("inspect", "--format", "{{.State.Status}}", BOT).strip() == "exited"


def test_with_the_sentence_and_no_keys_it_names_what_is_missing(production: Stack) -> None:
    production.env(**SETTINGS)
    run(production, START)
    assert "EXCHANGE_KEY and EXCHANGE_SECRET" in wait_for_refusal(production)


def test_with_a_key_that_the_exchange_does_not_know_it_says_so_with_the_next_step(production: Stack) -> None:
    write_keys(production, "made-up")
    production.env(**SETTINGS, STAKE_AMOUNT="11")  # anything else, so that the container is made anew
    run(production, START)
    said = wait_for_refusal(production)
    assert "binance refuses the key" in said
    assert "To fix it" in said
    assert "made-up" not in said


def test_without_the_sentence_it_does_not_start_although_nothing_is_wrong(production: Stack) -> None:
    """The exchange does not say what the key may do, so the operator vouches for it."""
    config = variable(production, "EXCHANGE_CONFIG")
    production.env(
        LIVE_TRADING_CONFIRMATION=None,
        LIVE_KEYS_CANNOT_WITHDRAW="true",
        EXCHANGE_CONFIG=config.replace("/sapi/v1", "/nothing"),
    )
    run(production, START)
    said = wait_for_refusal(production)
    production.env(LIVE_KEYS_CANNOT_WITHDRAW=None, EXCHANGE_CONFIG=config)
    assert f"LIVE_TRADING_CONFIRMATION='{SETTINGS['LIVE_TRADING_CONFIRMATION']}'" in said


def test_no_order_reached_the_exchange_and_the_dry_run_begins_again(production: Stack) -> None:
    asked = production.engine.docker("logs", "trading-world-1")
    assert "method=GET" in asked
    assert "method=POST" not in asked
    assert "/order" not in asked
    write_keys(production, "")
    production.env(**dict.fromkeys(SETTINGS), STAKE_AMOUNT=None)
    run(production, START)
    production.wait_healthy()
    assert Bot(production).get("show_config")["dry_run"] is True
