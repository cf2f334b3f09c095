"""The pairs that the news speaks most of, as a list for Freqtrade's RemotePairList."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.common.errors import TryLater
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.common.store.redis.client import redis_client
from services.common.values import asset_of

if TYPE_CHECKING:
    import pandas as pd

REFRESH_SECONDS = 60
"""The shortest time between two requests of a bot; it is longer if the bot's configuration says so."""
MOST_HOURS = 48.0


@dataclass(frozen=True, slots=True)
class Talk:
    """How much the news speaks of a pair: how many different owners of sources do, and in how many articles."""

    pair: str
    sources: int
    articles: int


@dataclass(frozen=True, slots=True)
class Pairlist:
    """The pairs, the most talked about first.

    Attributes:
        stand_aside: the pairs left out because of news of a kind after which a bot opens no trades, and that kind.
    """

    talks: tuple[Talk, ...]
    stand_aside: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """What RemotePairList reads, and beside it why the list is as it is."""
        return {
            "pairs": [talk.pair for talk in self.talks],
            "refresh_period": REFRESH_SECONDS,
            "talks": [asdict(talk) for talk in self.talks],
            "stand_aside": self.stand_aside,
        }


def most_talked_about(
    store: SentimentStore,
    settings: Settings,
    now: datetime,
    *,
    limit: int,
    hours: float,
    quote: str | None = None,
) -> Pairlist:
    """Rank the scored pairs by the number of owners of sources that published news of the asset, then by articles.

    One source thus cannot raise a pair by many articles. News of the whole market and doubtful signals do not count.
    Pairs are left out as `stand_aside` of a strategy with default settings says.

    Args:
        store: says which pairs and assets are scored.
        settings: of the store, and STAKE_CURRENCY.
        now: the present instant in UTC.
        limit: the largest number of pairs.
        hours: how old the news may be, up to MOST_HOURS.
        quote: the second part of all pairs, such as USDT or USDT:USDT; None: pairs as they are scored, and of assets
            those in STAKE_CURRENCY.

    Raises:
        TryLater: the store is away, so that nothing can be said.
    """
    import cryptoboy_sentiment as news  # takes seconds

    scored = store.scored_pairs() or {}
    names = [name for name, removed in scored.items() if removed is None]
    pairs = _pairs(names, quote, settings.stake_currency)
    with redis_client(settings, decode_responses=False) as client:
        source = news.ServedSignals(
            news.RedisSignals(client, window=timedelta(hours=MOST_HOURS) + news.OWN_FIRST)
        )
        source.refresh(pairs, now)
    if not all(map(source.readable, pairs)):
        raise TryLater("the sentiment store could not be read")
    kinds = {pair: _kind_of(source.signals(pair), now) for pair in pairs}
    talks = [
        _talk(pair, source.signals(pair), now - timedelta(hours=hours)) for pair in pairs if not kinds[pair]
    ]
    ranked = sorted(
        (talk for talk in talks if talk.articles), key=lambda talk: (-talk.sources, -talk.articles, talk.pair)
    )
    return Pairlist(tuple(ranked[:limit]), {pair: kind for pair, kind in kinds.items() if kind})


def _pairs(names: Iterable[str], quote: str | None, stake: str) -> list[str]:
    if quote is not None:
        return sorted({f"{asset_of(name)}/{quote}" for name in names})
    return sorted({name if "/" in name else f"{name}/{stake}" for name in names})


def _kind_of(signals: pd.DataFrame, now: datetime) -> str:
    """The kind of news because of which no trade may be opened now; empty if there is none."""
    import cryptoboy_sentiment as news
    import pandas as pd

    at = pd.Series([now]).dt.as_unit("us")
    found = news.stand_aside(signals, at, timedelta(0), news.Settings().stand_aside)
    return str(found["news_stand_aside"].iloc[0])


def _talk(pair: str, signals: pd.DataFrame, since: datetime) -> Talk:
    from cryptoboy_sentiment.trust import trusted

    counted = signals[trusted(signals) & (signals["scope"] == "asset") & (signals["published"] >= since)]
    owners = counted["owner"].where(counted["owner"] != "", counted["source"])
    return Talk(pair, int(owners.str.casefold().nunique()), int(counted["article_id"].nunique()))
