"""Reads labelled texts from CSV files with the columns `label` and `text`; other columns are ignored."""

from __future__ import annotations

import csv
import random
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from services.common.errors import StopProgram
from services.common.files import open_text

_LONGEST_TEXT = 1_000_000


class Sentiment(StrEnum):
    """The classes that a text can be labelled with."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


_SPELLINGS = {
    "positive": Sentiment.POSITIVE,
    "bullish": Sentiment.POSITIVE,
    "very_bullish": Sentiment.POSITIVE,
    "1": Sentiment.POSITIVE,
    "neutral": Sentiment.NEUTRAL,
    "0": Sentiment.NEUTRAL,
    "negative": Sentiment.NEGATIVE,
    "bearish": Sentiment.NEGATIVE,
    "very_bearish": Sentiment.NEGATIVE,
    "-1": Sentiment.NEGATIVE,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their labels, in the order of the file; `name` is the file's name."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[Sentiment, ...]

    def sample(self, size: int, seed: int) -> Labelled:
        """Return `size` randomly chosen texts in their order, or all texts if there are no more than `size`."""
        if size >= len(self.texts):
            return self
        chosen = sorted(random.Random(seed).sample(range(len(self.texts)), size))
        return Labelled(
            self.name, tuple(self.texts[i] for i in chosen), tuple(self.labels[i] for i in chosen)
        )


def read_labelled(path: Path) -> Labelled:
    """Read one file in UTF-8, which is decompressed if its name ends with .gz.

    Raises:
        StopProgram: the file does not exist, has other columns, an unknown label or no text; the message says where.
    """
    texts: list[str] = []
    labels: list[Sentiment] = []
    try:
        with open_text(path) as file:
            csv.field_size_limit(_LONGEST_TEXT)
            reader = csv.DictReader(file)
            if not {"label", "text"} <= set(reader.fieldnames or ()):
                raise StopProgram(f"{path} has no columns label and text in its first line: add them")
            for row in reader:
                label = _SPELLINGS.get((row["label"] or "").strip().lower())
                if label is None:
                    raise StopProgram(
                        f"{path} line {reader.line_num}: the label {row['label']!r} is none of "
                        f"{', '.join(_SPELLINGS)}"
                    )
                if not (row["text"] or "").strip():
                    raise StopProgram(f"{path} line {reader.line_num}: there is no text")
                texts.append(row["text"])
                labels.append(label)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise StopProgram(f"--labelled {path} cannot be read: {error}") from error
    if not texts:
        raise StopProgram(f"{path} holds no texts")
    return Labelled(path.name, tuple(texts), tuple(labels))
