"""The types of columns and what tables are made of: how instants, texts and JSON values are stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Dialect, Float, Integer, MetaData, Text, type_coerce
from sqlalchemy.types import TypeDecorator, TypeEngine

Number = BigInteger().with_variant(Integer(), "sqlite")
"""The number of a row. SQLite generates numbers for the type INTEGER only."""

metadata = MetaData()
"""All tables of the history."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(instant: datetime) -> int:
    """Return the microseconds from the epoch to `instant`, which must have a time zone."""
    return (instant - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Return the UTC instant that is `microseconds` after the epoch."""
    return _EPOCH + timedelta(microseconds=microseconds)


def as_number(column: Column[datetime]) -> ColumnElement[int]:
    """Return a column of instants as the numbers that are stored."""
    return type_coerce(column, BigInteger)


def storable(text: str) -> str:
    """Return the text without what a database refuses: NUL characters, and surrogates that encode nothing."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "replace").decode()


class Instant(TypeDecorator[datetime]):
    """An instant, as microseconds from the epoch."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return the stored form."""
        return None if value is None else to_us(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        return None if value is None else from_us(value)


class Written(TypeDecorator[str]):
    """A text of any length, without what a database refuses, that is ordered by its code points."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the column. PostgreSQL would order texts by the locale of the database."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Return the stored form."""
        return None if value is None else storable(value)


def json_text(value: object) -> str:
    """Return a JSON value as text. NaN and infinity become null."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(json.loads(json.dumps(value))), allow_nan=False, separators=(",", ":"))


class Json(TypeDecorator[Any]):
    """A JSON value, as text. NaN and infinity become null, because no database stores them as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, _dialect: Dialect) -> str:
        """Return the stored form."""
        return json_text(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:  # noqa: ANN401 - any JSON
        """Return the JSON value."""
        return None if value is None else json.loads(value)


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124 - NaN
        return None
    return value


def numbered() -> Column[Any]:
    """Return a column `id`, whose numbers rise with each row and are never used again."""
    return Column("id", Number, primary_key=True, autoincrement=True)


def written(name: str) -> Column[Any]:
    """Return a column of texts."""
    return Column(name, Written, nullable=False)


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    """Return a column of instants."""
    return Column(name, Instant, nullable=nullable)


def real(name: str, *, nullable: bool = False) -> Column[Any]:
    """Return a column of numbers in double precision."""
    return Column(name, Float(53), nullable=nullable)
