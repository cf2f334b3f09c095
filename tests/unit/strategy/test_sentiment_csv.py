"""Reading history: a good file as it is, a bad one not at all."""

from __future__ import annotations

import csv
import gzip
import re
import tempfile
from datetime import timedelta
from pathlib import Path

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategy.strategy_samples import NOON, PAIR, raw, signal, write_csv


def test_what_was_written_is_read(tmp_path: Path) -> None:
    signals = [signal("a"), signal("b", score=-0.4, degraded=True, scope="market", pair="ETH/USDT")]
    frame = news.read_signals_csv(write_csv(tmp_path / "history.csv", signals))
    pd.testing.assert_frame_equal(frame, news.signals_frame(signals))


@pytest.mark.parametrize("name", ["history.csv.gz", "HISTORY.CSV.GZ"])
def test_a_packed_file_is_unpacked(tmp_path: Path, name: str) -> None:
    plain = write_csv(tmp_path / "history.csv", [signal()])
    packed = tmp_path / name
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert len(news.read_signals_csv(packed)) == 1


def test_columns_may_stand_in_another_order_and_with_others(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    names = [*reversed(news.Signal._fields), "novelty"]
    cells = raw(signal()) | {"novelty": "7"}
    path.write_text(",".join(names) + "\n" + ",".join(cells[name] for name in names) + "\n")
    pd.testing.assert_frame_equal(news.read_signals_csv(path), news.signals_frame([signal()]))


@pytest.mark.parametrize("fault", ["", "2025-06-02T12:00:00Z\n"])
def test_a_file_of_an_older_version_lacks_the_later_columns(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "history.csv"
    names = [name for name in news.Signal._fields if name not in {"owner", "suspected", "event_type"}]
    text = ",".join(names) + "\n" + ",".join(raw(signal())[name] for name in names) + "\n"
    path.write_text(text + fault)
    if fault:
        with pytest.raises(news.SignalError, match="line 3: published"):
            news.read_signals_csv(path)
    else:
        pd.testing.assert_frame_equal(news.read_signals_csv(path), news.signals_frame([signal()]))


def test_a_kind_of_news_that_is_not_known_is_other(tmp_path: Path) -> None:
    kinds = ["depeg", "airdrop", "", "Hack"]
    rows = [raw(signal(f"a{number}")) | {"event_type": kind} for number, kind in enumerate(kinds)]
    path = write_csv(tmp_path / "history.csv", rows)
    assert news.read_signals_csv(path)["event_type"].tolist() == ["depeg", "other", "other", "other"]


def test_a_byte_order_mark_and_headlines_of_several_lines_are_taken(tmp_path: Path) -> None:
    headline = 'He said "buy",\nand they did: ₿'
    path = write_csv(tmp_path / "history.csv", [signal(headline=headline)])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert news.read_signals_csv(path)["headline"].tolist() == [headline]


def test_a_cell_is_too_long_whatever_others_in_the_process_allow(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", [signal(headline="x" * 200_000)])
    before = csv.field_size_limit(10_000_000)
    try:
        with pytest.raises(news.SignalError, match="field larger than field limit"):
            news.read_signals_csv(path)
    finally:
        csv.field_size_limit(before)


def test_a_file_without_signals_is_valid(tmp_path: Path) -> None:
    source = news.CsvSignals(write_csv(tmp_path / "history.csv", []))
    assert source.signals(PAIR).empty


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("available_at", "2025-06-02T12:00:00"),
        ("published", ""),
        ("score", "nan"),
        ("score", "1.5"),
        ("scope", "asteroid"),
        ("label", "bulish"),
        ("degraded", "perhaps"),
    ],
)
def test_a_bad_cell_stops_with_file_line_and_expectation(tmp_path: Path, field: str, value: str) -> None:
    rows = [raw(signal("good")), raw(signal("bad")) | {field: value}, raw(signal("unseen"))]
    path = write_csv(tmp_path / "history.csv", rows)
    with pytest.raises(news.SignalError, match=rf"history\.csv, line 3: {field} is '{value}', expected .+"):
        news.read_signals_csv(path)


def test_a_signal_available_before_its_publication_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", [signal(published=10, available=9)])
    with pytest.raises(news.SignalError, match=r"line 2: available_at .* expected no earlier than published"):
        news.read_signals_csv(path)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("available_at,published,pair,score\n")
    with pytest.raises(news.SignalError, match=r"line 1: no column label, confidence, scope.*; expected "):
        news.read_signals_csv(path)


@pytest.mark.parametrize("content", [b"", b"\x00\x00", b"\xff\xfe\x00", b"\n\n"])
def test_what_is_no_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(news.SignalError, match=r"history\.csv"):
        news.read_signals_csv(path)


def test_a_line_with_too_few_or_too_many_cells_is_refused(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", [signal()]).read_text()
    for name, line in (("short", "2025-06-02T12:00:00Z\n"), ("long", good.splitlines()[1] + ",more\n")):
        path = tmp_path / f"{name}.csv"
        path.write_text(good + line)
        with pytest.raises(news.SignalError, match="line 3"):
            news.read_signals_csv(path)


CELLS = {
    "available_at": [
        "2025-06-02T14:00:00+00:00",
        "20250602T1430Z",
        "2025-06-02 16:30:00.25+02:00",
        "2025-06-02",
        "0001-01-01T00:00:00+05:00",
    ],
    "published": ["2025-06-02T14:00:00Z", "2025-06-02T13:59:59.999999+00:00", "2025-06-02T14:00:00", ""],
    "pair": ["BTC/USDT", "₿/$", " "],
    "score": ["0.5", "-1", "+1e-3", "1_0e-1", "nan", "1.01", " 0.2", "0x1"],
    "label": ["neutral", "bullish", "Bullish", ""],
    "confidence": ["0", "1.0", "-0.0", "-0.1", "inf"],
    "scope": ["asset", "market", "asset "],
    "degraded": ["True", "false", "FALSE", "1", ""],
    "weight": ["1", "0", "1e400", "-1"],
    "corroboration": ["3", "0.5", "nan"],
    "revision": ["0", "12", "-1", "1.0", str(2**63), "٣"],
    "headline": ["", 'it said, "yes"\nand went', "NaN"],
    "source": ["", "null"],
    "model": ["m1", "None", ""],
    "article_id": ["a1", "b 2", "\t"],
    "owner": ["", "group"],
    "suspected": ["false", "True", "1", ""],
    "event_type": ["hack", "other", "", "Hack", "airdrop"],
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {name: st.sampled_from([*cells[:2] * 12, *cells]) for name, cells in CELLS.items()}
        ),
        max_size=4,
    )
)
def test_a_file_is_read_as_its_lines_are_or_refused_by_the_first_that_is_no_signal(
    rows: list[dict[str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_csv(Path(folder) / "history.csv", rows)
        try:
            signals = [news.parse_signal(row) for row in rows]
        except news.SignalError as error:
            with pytest.raises(news.SignalError, match=re.escape(str(error))):
                news.read_signals_csv(path)
        else:
            pd.testing.assert_frame_equal(news.read_signals_csv(path), news.signals_frame(signals))
            assert all(-1 <= one.score <= 1 and 0 <= one.confidence <= 1 for one in signals)
            assert all(one.published <= one.available_at for one in signals)
            assert {row["degraded"] for row in rows} <= {"True", "false", "FALSE"}
            assert {row["revision"] for row in rows} <= {"0", "12"}


@pytest.mark.parametrize("text", ["\u0663", "1.0", "-1", ""])
def test_a_revision_is_a_whole_number_in_plain_digits(text: str) -> None:
    with pytest.raises(news.SignalError, match="revision"):
        news.parse_signal({name: cells[0] for name, cells in CELLS.items()} | {"revision": text})


def test_a_packed_file_that_is_damaged_is_refused_by_name(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(bytes(range(256)) * 40, mtime=0))
    content[20:40] = bytes(20)
    path = tmp_path / "damaged.csv.gz"
    path.write_bytes(content)
    with pytest.raises(news.SignalError, match=r"damaged\.csv\.gz"):
        news.read_signals_csv(path)


def test_a_missing_or_cut_off_file_is_refused_by_name(tmp_path: Path) -> None:
    cut_off = tmp_path / "cut.csv.gz"
    cut_off.write_bytes(gzip.compress(b"available_at," * 1000)[:40])
    for path in (tmp_path / "absent.csv", cut_off):
        with pytest.raises(news.SignalError, match=path.name):
            news.read_signals_csv(path)


def test_history_gives_each_pair_its_own_signals(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", [signal("a"), signal("b", pair="ETH/USDT"), signal("c")])
    source: news.SignalSource = news.CsvSignals(path)
    source.refresh([PAIR], NOON + timedelta(days=1))
    assert source.signals(PAIR)["article_id"].tolist() == ["a", "c"]
    assert source.signals("ETH/USDT")["article_id"].tolist() == ["b"]
    assert source.signals("BNB/USDT").empty
    assert source.readable("BNB/USDT")
    assert source.entries == "open"


def test_without_a_file_there_is_history_without_signals() -> None:
    assert news.CsvSignals(None).signals(PAIR).empty
