"""Converts rows of the tables of the notifier to those of the ports."""

from __future__ import annotations

from services.common.history.notifying.rows import (
    AlertSide,
    BriefKind,
    BriefRow,
    ControlRow,
    MuteKind,
    MuteRow,
    NoticeRow,
    NoticeState,
    PriceAlertRow,
)
from services.common.history.sql.mapping import maker
from services.common.history.sql.schema import notifier_tables as tables

notice_of = maker(NoticeRow, tables.notifications, state=NoticeState)
brief_of = maker(BriefRow, tables.briefs, kind=BriefKind)
price_alert_of = maker(PriceAlertRow, tables.price_alerts, side=AlertSide)
mute_of = maker(MuteRow, tables.mutes, what=MuteKind)
control_of = maker(ControlRow, tables.controls)
