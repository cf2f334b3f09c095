"""Imports a news archive row by row, resumes an interrupted import, and counts the result of every row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from services.common.errors import StopProgram
from services.research.history.archive.account import Account, ImportReport
from services.research.history.archive.archive import Archive, Import, partial_path
from services.research.history.archive.articles import Article, ArticleReader, DroppedRowError, Odd
from services.research.history.archive.columns import find_columns
from services.research.history.archive.file import create_archive
from services.research.history.archive.news_files import NewsFile, Row, fingerprint, open_news
from services.research.history.archive.times import TimeFormat, TimeReader, UnplacedTimeError, zone_of
from services.research.progress import Progress, quiet

BATCH_ROWS = 2_000


class BadNewsError(StopProgram):
    """The news file is invalid; the rows imported from it are discarded."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options by which a file is read.

    Attributes:
        mapping: fields mapped to columns, for columns that are not recognised by name.
        style: the format of the times.
        timezone: the zone of times without an offset; if empty, such times are refused.
        source: the source of all rows; if empty, each row names its source.
        encoding: the encoding of a file without a byte order mark; if empty, UTF-8.
    """

    mapping: dict[str, str] = field(default_factory=dict)
    style: TimeFormat = TimeFormat.TEXT
    timezone: str = ""
    source: str = ""
    encoding: str = ""


def import_news(
    source: Path, out: Path, options: ImportOptions, now: datetime, progress: Progress = quiet
) -> ImportReport:
    """Import a news archive into `out`, which is created if it does not exist and is complete at any time.

    After an interruption by KeyboardInterrupt or a crash, the same call resumes the import.

    Args:
        source: a CSV (comma, semicolon or tab) or JSON Lines file, which may be gzipped.
        out: the archive to import into.
        options: how to read `source`.
        now: the time (UTC) after which nothing in the archive may be dated.
        progress: called with the number of bytes of `source` that are read, and the total number.

    Raises:
        StopProgram: the file does not exist, is broken, lacks columns or times that are needed, or has no usable row;
            `out` is then unchanged.
    """
    reader = TimeReader(options.style, _zone(options.timezone))
    with open_news(source, options.encoding) as file:
        task = Import(
            fingerprint(source), json.dumps(asdict(options), sort_keys=True), 0, finished=False, report={}
        )
        header, rows = file.rows(options.mapping.values())
        columns = find_columns(source, header, options.mapping, needs_source=not options.source)
        to_article = ArticleReader(columns, reader, now, options.source)
        finished = _finished(out, task)
        account, resumed = Account(), 0
        if finished:
            account = Account.of(finished.report)
        else:
            with _partial(out, task) as archive:
                account = _unfinished(archive)
                resumed = account.rows
                _Taker(file, archive, task, account, to_article).take(rows, progress)
            partial_path(out).replace(out)
    with Archive.open(out) as archive:
        known = archive.span()
        if known is None:  # an import without articles is refused before it is written
            raise StopProgram(f"{out} is empty; import into it again")
        return ImportReport(
            out,
            source,
            dict(columns.names),
            columns.ignored,
            account,
            resumed,
            finished is not None,
            archive.count(),
            *known,
        )


def _zone(name: str) -> ZoneInfo | None:
    return zone_of(name) if name else None


def _finished(out: Path, task: Import) -> Import | None:
    """Return the record of this import if `out` already contains it, else None."""
    if not out.exists():
        return None
    with Archive.open(out) as archive:
        return next((done for done in archive.imports() if done[:2] == task[:2]), None)


@contextmanager
def _partial(out: Path, task: Import) -> Iterator[Archive]:
    """Open the partial archive that will replace `out`: an interrupted import's, a copy of `out`, or a new one.

    The partial archive is removed if the news file is found to be unusable, and kept if the work was only
    interrupted.
    """
    partial = partial_path(out)
    draft = partial.with_name(partial.name + ".new")  # so that an existing partial archive can be opened
    if not out.parent.is_dir():
        raise StopProgram(f"{out.parent} is not a directory; make it first")
    before: list[Import] = []
    if out.exists():
        with Archive.open(out) as whole:
            before = whole.imports()
            if not partial.exists():
                whole.copy_to(draft)
                draft.replace(partial)
    elif not partial.exists():
        create_archive(draft)
        draft.replace(partial)
    archive = Archive.edit(partial)
    try:
        with archive:
            _check_same(archive, before, task, partial)
            yield archive
    except BadNewsError:
        partial.unlink()
        raise


def _check_same(archive: Archive, before: Sequence[Import], task: Import, partial: Path) -> None:
    imports = archive.imports()
    unfinished = imports[-1] if imports and not imports[-1].finished else None
    done = imports[:-1] if unfinished else imports
    if [each[:2] for each in done] != [each[:2] for each in before] or (
        unfinished is not None and unfinished[:2] != task[:2]
    ):
        raise StopProgram(
            f"{partial} was left by an import of another file, or with other options; "
            "run that one again to finish it, or remove the file"
        )


def _unfinished(archive: Archive) -> Account:
    imports = archive.imports()
    return Account.of(imports[-1].report) if imports and not imports[-1].finished else Account()


@dataclass(frozen=True, slots=True)
class _Taker:
    """Imports the rows of one file into one archive."""

    file: NewsFile
    archive: Archive
    task: Import
    account: Account
    to_article: ArticleReader

    def take(self, rows: Iterator[Row], progress: Progress) -> None:
        """Import all rows in batches, each of which is one transaction."""
        for _ in islice(rows, self.account.rows):
            pass
        checked = _checked(rows)
        while batch := list(islice(checked, BATCH_ROWS)):
            self.account.rows += len(batch)
            self._add(list(self._articles(batch)))
            progress(self.file.position(), self.file.size)
        if not self.file.ends_with_a_line:
            self.account.odd[Odd.LAST_LINE_OPEN] += 1
        self._refuse_nothing()
        self._add([], finished=True)

    def _articles(self, batch: Sequence[Row]) -> Iterator[Article]:
        for line, cells in batch:
            try:
                article, odd = self.to_article(cells)
            except DroppedRowError as error:
                self.account.drop(line, error)
            except UnplacedTimeError as error:
                raise BadNewsError(f"{self.file.path}, line {line}: {error}") from None
            else:
                self.account.odd.update(odd)
                yield article

    def _add(self, articles: Sequence[Article], *, finished: bool = False) -> None:
        account = self.account
        state = self.task._replace(rows=account.rows, report=account.as_json(), finished=finished)
        account.add(self.archive.add(articles, state))

    def _refuse_nothing(self) -> None:
        account = self.account
        if not account.rows:
            raise BadNewsError(f"{self.file.path} has columns but no rows; expected at least one article")
        if not account.new + account.duplicates + account.replaced:
            reasons = ", ".join(f"{reason} {count}" for reason, count in account.dropped.most_common())
            first = next(iter(account.examples.values()))[0]
            raise BadNewsError(
                f"{self.file.path}: none of {account.rows} rows is usable ({reasons}; the first: {first}); "
                "is the mapping of the columns right?"
            )


def _checked(rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except StopProgram as error:
        raise BadNewsError(str(error)) from error
