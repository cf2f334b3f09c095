"""/alert: be told once when a price is reached."""

from __future__ import annotations

from services.common.errors import StopProgram
from services.common.history.notifying.port import NotifierBatch
from services.common.history.notifying.rows import PriceAlertRow
from services.common.text.telegram_html import bold, fitted, plain
from services.notifier.telegram.answers import Change, Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.buttons import in_rows
from services.notifier.telegram.reply import Button, Reply
from services.operations.price_alerts import EXAMPLE, new_alert
from services.operations.words import minute, price

REMOVE = "remove"
_BUTTONS = 20


def alert(parts: Parts, asked: Asked, words: list[str]) -> Reply | Change:
    """Set an alert; without words, list those that are open; `remove ID` removes one."""
    if not words:
        return _listed(parts)
    if words[0].lower() == REMOVE:
        return _removed(parts, words[1:])
    try:
        row = new_alert(parts.history, parts.settings, " ".join(words), by=asked.person.name, now=parts.now())
    except ValueError as error:
        raise StopProgram(str(error)) from None
    return Change(f"/alert {_as_written(row)}", lambda: _set(parts, row))


def _set(parts: Parts, row: PriceAlertRow) -> Reply:
    parts.log.write(NotifierBatch(price_alerts=[row]))
    return Reply(f"You will be told once when {_text(row)}.", ((_button(row, "Remove"),),))


def _listed(parts: Parts) -> Reply:
    rows = parts.history.price_alerts()
    if not rows:
        return Reply(f"No price alert is open. Set one with /alert {EXAMPLE}")
    lines = [f"{row.alert_id}: {_text(row)}, set {minute(row.set_at)} by {plain(row.by)}" for row in rows]
    buttons = [_button(row, f"Remove {row.alert_id}") for row in rows[:_BUTTONS]]
    return Reply(fitted([bold("Open price alerts"), *lines]), in_rows(buttons))


def _removed(parts: Parts, words: list[str]) -> Change:
    name = words[0].lower() if words else ""
    row = next((row for row in parts.history.price_alerts() if row.alert_id == name), None)
    if row is None:
        raise StopProgram(f"there is no open price alert {name or 'without an id'}; /alert lists them")
    return Change(f"/alert {REMOVE} {name} ({_as_written(row)})", lambda: _remove(parts, row))


def _remove(parts: Parts, row: PriceAlertRow) -> Reply:
    is_removed = parts.log.remove_price_alert(row.alert_id)
    what = "is removed" if is_removed else "was told or removed meanwhile"
    return Reply(f"The price alert {row.alert_id} {what}.")


def _as_written(row: PriceAlertRow) -> str:
    return f"{row.pair} {row.side} {price(row.price)}"


def _text(row: PriceAlertRow) -> str:
    return f"{plain(row.pair)} is {row.side} {price(row.price)}"


def _button(row: PriceAlertRow, label: str) -> Button:
    return Button(label, f"/alert {REMOVE} {row.alert_id}")
