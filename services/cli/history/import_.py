"""`cryptoboy history import`: imports news archives of other formats into one archive in our own format."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.cli.support.answers import answer_console, print_json
from services.cli.support.options import Json
from services.cli.support.progress import progress_of

if TYPE_CHECKING:
    from services.research.history.archive.account import ImportReport


def import_archive(
    news: Annotated[
        Path,
        typer.Argument(
            help="CSV, also with semicolons or tabs, or JSON Lines, plain or .gz.", show_default=False
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="The archive to make or add to, one SQLite file.", show_default=False)
    ],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="The column of a field, if it has another name; may be repeated. Fields: published, "
            "title, source, link, summary, content, first_seen.",
        ),
    ] = None,
    timezone: Annotated[
        str,
        typer.Option(
            help="Zone of times without an offset, such as UTC; without it they are refused. "
            "An offset in the text takes precedence."
        ),
    ] = "",
    times: Annotated[
        str,
        typer.Option(
            help="text (ISO 8601, RFC 2822, or with the month as a word); month-first or day-first, if dates are "
            "numbers such as 12/31/2021; or seconds, milliseconds or microseconds since 1970."
        ),
    ] = "text",
    source: Annotated[str, typer.Option(help="Source of all articles, for files without one.")] = "",
    encoding: Annotated[
        str,
        typer.Option(
            help="Encoding of a file that is not UTF-8, such as cp1252 (Excel, Western Europe); a byte order mark "
            "goes before it."
        ),
    ] = "",
    json_output: Json = False,
) -> None:
    """Import a news archive: convert times to UTC, leave duplicates out, and account for every row.

    An article is identified as by the live poller: by its source and its link or, without a link, by its source and
    its title; a repeated title counts as a duplicate only within a day (UTC). Of two versions of an article, the one
    that was known first is kept. An archive of an earlier release, which identified articles by the link alone, is
    converted when it is opened. A column first_seen gives the time at which somebody first had the article; without
    that column the publication time is used. The archive is consistent at any time: after Ctrl-C the same command
    continues the import.

    Example: ./cryptoboy history import news.csv.gz --out archive.sqlite --map published=date --timezone UTC
    """
    from services.common.errors import StopProgram
    from services.research.history.archive.columns import read_mapping
    from services.research.history.archive.importing import ImportOptions, import_news
    from services.research.history.archive.times import TimeFormat

    if times not in list(TimeFormat):
        raise StopProgram(f"--times {times}: expected one of {', '.join(TimeFormat)}")
    options = ImportOptions(
        mapping=read_mapping(mapping or ()),
        style=TimeFormat(times),
        timezone=timezone,
        source=source,
        encoding=encoding,
    )
    with progress_of(f"importing {news.name}") as progress:
        report = import_news(news, out, options, datetime.now(UTC), progress)
    if json_output:
        print_json(report.as_json())
    else:
        _print(report)


def _print(report: ImportReport) -> None:
    account = report.account
    if report.already_there:
        print(f"{report.source_file} was imported into {report.archive} before; nothing changed.")
    fields = ", ".join(
        field if field == column else f"{field} from {column}" for field, column in report.columns.items()
    )
    ignored = f"; ignored: {', '.join(report.ignored_columns)}" if report.ignored_columns else ""
    print(f"Columns: {fields}{ignored}.")
    table = Table("rows", "", "for example")
    for name, count in (
        ("read", account.rows),
        ("new articles", account.new),
        ("repetitions, left out", account.duplicates),
        ("duplicates that were known earlier, which replaced later ones", account.replaced),
    ):
        table.add_row(name, str(count), "")
    for reason, count in account.dropped.most_common():
        table.add_row(f"dropped: {reason}", str(count), Text("; ".join(account.examples[reason])))
    for kind, count in account.odd.most_common():
        table.add_row(f"kept, though {kind}", str(count), "")
    answer_console().print(table)
    print(
        f"{report.archive}: {report.articles} articles, known from {report.known_from.isoformat()} "
        f"to {report.known_until.isoformat()}."
    )
