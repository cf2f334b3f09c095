"""The summary of a demo that has ended: as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.demo.plan import DemoPlan
from services.demo.run import DemoResult


def verdict(plan: DemoPlan, result: DemoResult) -> str | None:
    """Return why the demo did not achieve its purpose, or None if it did."""
    counts = result.counts
    if counts.silent:
        return f"{', '.join(counts.silent)} did not report its counts, so the result is not certain"
    if counts.messages_lost:
        return f"{counts.messages_lost} message(s) were lost"
    if counts.waiting:
        return f"{counts.waiting} message(s) were still waiting at the end"
    if not counts.signals_cached:
        return "no signal reached the store"
    return result.books.problem or _missing_trade(plan, result)


def _missing_trade(plan: DemoPlan, result: DemoResult) -> str | None:
    if plan.expects_trade and not any(trade.closed_after_news for trade in result.trades):
        return "no trade that news had opened was closed in time"
    return None


def as_json(plan: DemoPlan, result: DemoResult, problem: str | None) -> dict[str, Any]:
    """The summary for programs. Times are seconds, rates in the quote currency, profit a fraction of the stake."""
    trades = result.trades
    return {
        "ok": problem is None,
        "problem": problem,
        "ended_because": result.reason,
        "news": "written for the demo" if plan.expects_trade else "archive",
        "speed": plan.speed,
        **asdict(result.counts),
        "messages_lost": result.counts.messages_lost,
        "pairs": {
            pair: {"score": float(fields["score"]), "label": fields["label"]} if fields else None
            for pair, fields in result.sentiment.items()
        },
        "trades_opened": len(trades),
        "trades_closed": sum(not trade.is_open for trade in trades),
        "entry_tags": [trade.enter_tag for trade in trades],
        "exit_reasons": [trade.exit_reason for trade in trades if not trade.is_open],
        "trades": [asdict(trade) for trade in trades],
        "dashboard": f"{result.page}/",
        "api": f"{result.page}/docs",
        "history": {"url": result.history, "rows": dict(result.books.rows)},
        "ready_s": round(result.ready_seconds, 1),
        "duration_s": round(result.duration_seconds, 1),
    }
