"""Everything that is only seen by looking again and again."""

from __future__ import annotations

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierLog
from services.common.history.port import HistoryReader
from services.common.settings.reach import Part
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.briefing import Briefing
from services.notifier.rules.document import WatchTable
from services.notifier.watching.alertmanager import Alertmanager, OwnWatch
from services.notifier.watching.asides import AsideWatch
from services.notifier.watching.bot import BotWatch
from services.notifier.watching.briefs import BriefWatch
from services.notifier.watching.found import Watch
from services.notifier.watching.moods import MoodWatch
from services.notifier.watching.prices import PriceWatch
from services.notifier.watching.services import ServiceWatch
from services.notifier.watching.sources import SourceWatch
from services.notifier.watching.trades import StepWatch


def state_watches(
    settings: Settings,
    clock: Clock,
    table: WatchTable,
    alertmanager: Alertmanager,
    *,
    reader: HistoryReader,
    store: SentimentStore,
    log: NotifierLog,
) -> tuple[Watch, ...]:
    """The watches of moods, trades, prices, briefs, stand-asides, sources and, as far as they are reached, services."""
    position, timeframe = log.position, settings.candle_timeframe
    watches: list[Watch] = [
        MoodWatch(store, settings, clock, table, position),
        StepWatch(reader, clock, table, position, timeframe=timeframe),
        PriceWatch(reader, clock, timeframe),
        BriefWatch(Briefing(settings, reader, store, log), clock),
        AsideWatch(reader, clock, settings.market_pairs),
        OwnWatch(SourceWatch(reader, clock, table.silent_hours, position), alertmanager),
    ]
    if settings.reaches(Part.SERVICES):
        services = ServiceWatch(settings, clock, table.down_seconds, position)
        watches.append(OwnWatch(services, alertmanager))
    else:
        watches.append(OwnWatch(BotWatch(reader, clock, settings.market_pairs, position), alertmanager))
    return tuple(watches)
