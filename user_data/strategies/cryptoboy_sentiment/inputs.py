"""Computes digests of a backtest's inputs that are not part of Freqtrade's configuration.

Freqtrade answers a backtest from its cache if the configuration, the parameters and the strategy's own file are the
same as in an earlier run. It considers neither the sentiment CSV nor the code in this package, so their digests are
written into the configuration.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptoboy_sentiment.settings import Settings


def digests_of_inputs(
    section: Mapping[str, Any], environment: Mapping[str, str], code: Iterable[Path] = ()
) -> dict[str, str | None]:
    """The SHA-256 of the sentiment CSV (None without a CSV) and of the code: this package and the files in `code`.

    A CSV or settings that cannot be read raise no error here, because nothing is traded yet. The digest is then
    replaced by a text with the error, which differs from the digest of every earlier run.
    """
    package = sorted(Path(__file__).parent.rglob("*.py"))
    return {"sentiment_csv": _of_csv(section, environment), "code": _digest([*package, *code])}


def _of_csv(section: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
    try:
        path = Settings.read(section, environment).sentiment_csv
        return None if path is None else _digest([Path(path)])
    except (ValueError, OSError) as error:
        return f"unreadable: {error}"


def _digest(paths: Iterable[Path]) -> str:
    parts = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            parts.update(hashlib.file_digest(file, "sha256").digest())
    return parts.hexdigest()
