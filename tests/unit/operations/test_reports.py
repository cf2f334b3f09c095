from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.errors import NeverWorks
from services.operations.reports import MOST_REPORTS, keep_report, list_reports, read_report

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def test_a_page_is_kept_listed_and_read(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    assert list_reports(folder) == ()
    kept = keep_report(folder, "backtest", "<p>page</p>", NOW)
    (report,) = list_reports(folder)
    assert (report.name, report.kind, report.bytes) == (kept.name, "backtest", 11)
    assert read_report(folder, report.name) == b"<p>page</p>"


@pytest.mark.parametrize(
    "name", ["../secret.html", "a/b.html", "", ".html", "secret.txt", "x.html\n", "a" * 200]
)
def test_no_other_file_is_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "reports"
    keep_report(folder, "backtest", "", NOW)
    for file in (tmp_path / "secret.html", folder / "secret.txt"):
        file.write_text("secret")
    with pytest.raises(NeverWorks, match="there is no report"):
        read_report(folder, name)
    assert len(list_reports(folder)) == 1


def test_the_oldest_of_too_many_are_removed(tmp_path: Path) -> None:
    for number in range(MOST_REPORTS + 2):
        path = keep_report(tmp_path, "study", "", NOW + timedelta(seconds=number))
        os.utime(path, (number, number))
    names = [report.name for report in list_reports(tmp_path)]
    assert len(names) == MOST_REPORTS
    assert names[0] == path.name
