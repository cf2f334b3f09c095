"""Whatever a stream drops, repeats or breaks, and however REST lags, pages or fails: each closed candle that
the exchange has comes out once, in order, with its final figures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.messages import CandleData
from services.data_ingestor.market.candle_book import CandleBook, Fetch, Publish
from services.data_ingestor.market.candles import Candle, Row, read_answer

MINUTE = 60_000
T0 = 1_700_000_040_000
GRACE = 10_000
MOMENTS = (0, 30_000, 59_000)  # into a candle: when the exchange has something new to tell of it


@dataclass(frozen=True)
class Look:
    """What happens at one moment of one candle."""

    told: int  # how often the stream tells of the candle: 0 is a drop
    again: bool  # whether it repeats the first thing that it told of the candle before
    breaks: bool  # whether the stream breaks just before
    restarts: bool  # whether the program starts anew just before
    rest_fails: bool
    rest_lag_ms: int
    page: int
    broker_fails: bool


LOOKS = st.builds(
    Look,
    told=st.sampled_from((1, 1, 1, 0, 2)),
    again=st.booleans(),
    breaks=st.sampled_from((False, False, False, True)),
    restarts=st.sampled_from((False,) * 9 + (True,)),
    rest_fails=st.booleans(),
    rest_lag_ms=st.sampled_from((0, 0, 2_000, 8_000)),
    page=st.sampled_from((2, 3, 50)),
    broker_fails=st.sampled_from((False, False, True)),
)
WELL = Look(1, False, False, False, False, 0, 50, False)


def figures(step: int, moment: int) -> tuple[float, float, float, float, float]:
    price = 100.0 + step + moment / 10
    return price, price, price, price, 1.0 + moment


@dataclass
class World:
    """An exchange, a stream of it, and a driver that does what the service does with a book."""

    missing: frozenset[int]
    book: CandleBook = field(default_factory=lambda: CandleBook(MINUTE))
    remembered: int | None = None
    published: list[Candle] = field(default_factory=list)
    first_told: dict[int, Candle] = field(default_factory=dict)
    broken_in: int = -1  # the candle during which the stream last broke or began

    def rest(self, now_ms: int, since_ms: int, look: Look) -> list[Row]:
        seen_ms = now_ms - look.rest_lag_ms
        rows: list[Row] = []
        step = max(0, -(-(since_ms - T0) // MINUTE))
        while T0 + step * MINUTE <= seen_ms and len(rows) < look.page:
            if step not in self.missing:
                into = seen_ms - T0 - step * MINUTE
                moment = sum(moment <= into for moment in MOMENTS) - 1
                rows.append((T0 + step * MINUTE, *figures(step, moment)))
            step += 1
        return rows

    def tell(self, step: int, moment: int, now_ms: int) -> None:
        values = figures(step, moment)
        if step <= self.broken_in:
            values = (*values[:4], 0.5)  # a stream built from trades missed those before it began
        data = CandleData(**dict(zip(("open", "high", "low", "close", "volume"), values, strict=True)))
        candle = Candle(T0 + step * MINUTE, data)
        self.first_told.setdefault(step, candle)
        self.book.observe([candle], now_ms)

    def advance(self, now_ms: int, look: Look) -> None:
        if self.book.last_ms is None:
            if look.rest_fails:
                return
            rows = self.rest(now_ms, now_ms - 4 * MINUTE, replace(look, page=50))
            if not self.book.begin(self.remembered, read_answer(rows, MINUTE, now_ms), now_ms):
                return
        for _ in range(200):
            step = self.book.next_step() or self.book.overdue(now_ms, GRACE)
            if isinstance(step, Publish):
                if look.broker_fails:
                    return
                self.published += [one.candle for one in step.ready]
                self.remembered = step.ready[-1].candle.open_ms
                self.book.settle(self.remembered)
            elif isinstance(step, Fetch):
                if look.rest_fails:
                    return
                rows = self.rest(now_ms, step.since_ms, look)
                self.book.fetched(read_answer(rows, MINUTE, now_ms))
                if (self.book.next_step() or self.book.overdue(now_ms, GRACE)) == step:
                    return
            else:
                return
        raise AssertionError("the book never comes to rest")

    def live_through(self, step: int, moment: int, look: Look) -> None:
        now_ms = T0 + step * MINUTE + MOMENTS[moment]
        if look.restarts:
            self.book = CandleBook(MINUTE)
            self.broken_in = step
        if look.breaks:
            self.book.interrupt()
            self.broken_in = step
        if step not in self.missing:
            for _ in range(look.told):
                self.tell(step, moment, now_ms)
        if look.again and step - 1 in self.first_told:
            self.book.observe([self.first_told[step - 1]], now_ms)
        self.advance(now_ms, look)


@settings(max_examples=200, deadline=None)
@given(
    looks=st.lists(st.tuples(LOOKS, LOOKS, LOOKS), min_size=2, max_size=12),
    missing=st.frozensets(st.integers(0, 11), max_size=4),
)
def test_each_closed_candle_comes_out_once_in_order_and_final(
    looks: list[tuple[Look, Look, Look]], missing: frozenset[int]
) -> None:
    end = len(looks)
    missing = frozenset(step for step in missing if step < end)
    world = World(missing)
    for step, moments in enumerate(looks):
        for moment, look in enumerate(moments):
            world.live_through(step, moment, look)
    # At last everything works again, and two more candles come.
    for step in (end, end + 1):
        for moment in range(len(MOMENTS)):
            world.live_through(step, moment, WELL)
    world.advance(T0 + (end + 2) * MINUTE + GRACE, WELL)

    assert world.published, "nothing came out at all"
    first = (world.published[0].open_ms - T0) // MINUTE
    expected = [step for step in range(first, end + 2) if step not in missing]
    assert [(candle.open_ms - T0) // MINUTE for candle in world.published] == expected
    for candle in world.published:
        step = (candle.open_ms - T0) // MINUTE
        assert tuple(candle.data.model_dump().values()) == figures(step, len(MOMENTS) - 1)
