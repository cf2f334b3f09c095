"""What a demo says of itself when it has ended: for people, and as JSON for programs."""

from __future__ import annotations

from typing import Any

from services.demo.plan import DemoPlan
from services.demo.run import DemoResult


def verdict(plan: DemoPlan, result: DemoResult) -> str | None:
    """Why the demo did not do what it is for, or None if it did."""
    books = result.books
    if books.silent:
        return f"{', '.join(books.silent)} did not say what it had counted, so nothing is certain"
    if books.messages_lost:
        return f"{books.messages_lost} message(s) were lost"
    if books.waiting:
        return f"{books.waiting} message(s) were still waiting at the end"
    if not books.signals_cached:
        return "no signal reached the store"
    if plan.expects_trade and not result.closed_by_sentiment:
        return "no trade that news had opened was closed in time"
    return None


def as_json(plan: DemoPlan, result: DemoResult, problem: str | None) -> dict[str, Any]:
    """The summary for programs. Times are seconds, rates in the quote currency, profit a fraction of the stake."""
    books = result.books
    return {
        "ok": problem is None,
        "problem": problem,
        "ended_because": result.reason,
        "news": "written for the demo" if plan.expects_trade else "archive",
        "speed": plan.speed,
        "articles_published": books.articles_published,
        "articles_ended": books.articles_ended,
        "signals_published": books.signals_published,
        "signals_cached": books.signals_cached,
        "candles_published": books.candles_published,
        "pairs": {
            pair: {"score": float(fields["score"]), "label": fields["label"]} if fields else None
            for pair, fields in result.sentiment.items()
        },
        "trades_opened": len(result.trades),
        "trades_closed": sum(not trade.is_open for trade in result.trades),
        "entry_tags": [trade.enter_tag for trade in result.trades],
        "exit_reasons": [trade.exit_reason for trade in result.trades if not trade.is_open],
        "trades": [
            {
                "pair": trade.pair,
                "enter_tag": trade.enter_tag,
                "exit_reason": trade.exit_reason,
                "open_rate": trade.open_rate,
                "close_rate": trade.close_rate,
                "stake_amount": trade.stake_amount,
                "profit_ratio": trade.profit_ratio,
                "open_date": trade.open_date,
                "close_date": trade.close_date,
            }
            for trade in result.trades
        ],
        "messages_lost": books.messages_lost,
        "dead_lettered": books.dead_lettered,
        "ready_s": round(result.ready_seconds, 1),
        "duration_s": round(result.duration_seconds, 1),
    }
