from __future__ import annotations

from datetime import timedelta

import pytest

from services.common.history.rows import TradeRow
from services.notifier.message import as_text
from services.notifier.wording.market import about_mood, about_price, about_stand_aside
from services.notifier.wording.trades import about_entry, about_exit_of, about_step
from services.operations.trades import Trade
from services.operations.words import price
from tests.support.history.history_samples import NOW, trade

HOSTILE = "BTC\x1b[31m/\u202eUSDT"


def of(row: TradeRow) -> Trade:
    return Trade.of(row)


def test_an_entry_says_at_what_price_with_what_stake_and_why() -> None:
    text = as_text(about_entry(of(trade(7)), ("The sentiment was +0.62.", "No hold was in force.")))
    assert text.splitlines() == [
        f"BTC/USDT: trade 7 opened, long at {price(100.0)} with a stake of 50",
        "The sentiment was +0.62.",
        "No hold was in force.",
        "Receipt: ./cryptoboy why 7",
    ]


def test_an_entry_without_a_price_and_a_stake_says_so_much_as_is_known() -> None:
    title = about_entry(of(trade(7, is_short=True, open_rate=None, stake=None)), ()).title
    assert title == "BTC/USDT: trade 7 opened, short at –"


def test_an_exit_says_what_was_gained_after_how_long_and_each_reason() -> None:
    opened = trade(7)
    closed = trade(7, closed=opened.opened + timedelta(hours=2), close_rate=90.0, profit_ratio=-0.1021)
    reasons = tuple(f"Reason {number}." for number in range(8))
    message = about_exit_of(of(closed), reasons)
    assert message.title == f"BTC/USDT: trade 7 closed at {price(90.0)}, −10.21 % after 2 h 0 min"
    assert message.lines[:-1] == reasons


def test_an_exit_whose_profit_is_unknown_invents_none() -> None:
    closed = trade(7, closed=trade(7).opened + timedelta(minutes=5))
    assert about_exit_of(of(closed), ()).title == "BTC/USDT: trade 7 closed at –, – after 5 min"


@pytest.mark.parametrize(
    ("change", "step", "title", "line"),
    [
        (5.25, 5, "is at +5.25 %", "It passed a profit of 5 % of its stake"),
        (-50.0, 10, "is at −50.00 %", "It passed a loss of 10 % of its stake"),
    ],
)
def test_a_step_says_of_what_it_is_and_of_when_the_price_is(
    change: float, step: float, title: str, line: str
) -> None:
    message = about_step(of(trade(7)), change, step, 105.0, NOW)
    assert message.title == f"BTC/USDT: trade 7 {title}"
    assert message.lines[0].startswith(line)
    assert message.lines[1] == (
        f"Opened at {price(100.0)}; at {price(105.0)} in the candle of 2026-11-20 12:00 UTC."
    )


def test_a_mood_says_what_it_is_what_it_was_and_from_how_many_signals() -> None:
    text = as_text(about_mood("BTC/USDT", 0.12, -0.41, 7, NOW))
    assert text.splitlines() == [
        "BTC/USDT: the mood is bearish, −0.41",
        "Aggregate of 7 signals at 2026-11-20 12:00 UTC; it was neutral, +0.12.",
        "Receipt: ./cryptoboy sentiment BTC/USDT",
    ]


def test_a_mood_of_one_signal_without_one_before() -> None:
    line = about_mood("BTC/USDT", None, 0.5, 1, NOW).lines[0]
    assert line == "Aggregate of 1 signal at 2026-11-20 12:00 UTC; there was none before."


def test_a_stand_aside_names_the_kind_of_news_and_its_article() -> None:
    message = about_stand_aside("BTC/USDT", "withdrawal_halt", "abcdef0123456789")
    assert message.title == "BTC/USDT: the bot stands aside after news of a withdrawal halt"
    assert message.lines[-1] == "Receipt: ./cryptoboy news abcdef012345"


def test_a_price_alert_says_what_was_reached_when_and_who_asked() -> None:
    message = about_price("BTC/USDT", "above", 120000.0, reached=120500.0, at=NOW, by="Ada")
    assert message.title == f"BTC/USDT is above {price(120000.0)}: {price(120500.0)}"
    assert message.lines[0].startswith("In the candle that opened at 2026-11-20 12:00 UTC. Asked for by Ada")


def test_names_are_made_harmless() -> None:
    row = trade(7, pair=HOSTILE, closed=NOW + timedelta(hours=1), close_rate=1.0)
    texts = (
        as_text(about_entry(of(row), (HOSTILE,))),
        as_text(about_exit_of(of(row), (HOSTILE,))),
        as_text(about_step(of(row), 1.0, 1.0, 1.0, NOW)),
        as_text(about_mood(HOSTILE, None, 0.5, 1, NOW)),
        as_text(about_stand_aside(HOSTILE, "hack", HOSTILE)),
        as_text(about_price(HOSTILE, "above", 1.0, reached=1.0, at=NOW, by=HOSTILE)),
    )
    assert not any("\x1b" in text or "\u202e" in text for text in texts)
