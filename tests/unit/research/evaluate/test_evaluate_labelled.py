from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.research.evaluate.labelled import Labelled, Sentiment, read_labelled


def labelled_file(folder: Path, content: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_texts_and_labels_are_read_whatever_else_is_there(tmp_path: Path) -> None:
    path = labelled_file(
        tmp_path,
        'origin,label,text\nx,positive,"Fees fall, users cheer"\ny, Bearish ,Exchange hacked\nz,0,Calm\n',
    )

    found = read_labelled(path)

    assert found.name == "labels.csv"
    assert found.texts == ("Fees fall, users cheer", "Exchange hacked", "Calm")
    assert found.labels == (Sentiment.POSITIVE, Sentiment.NEGATIVE, Sentiment.NEUTRAL)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert read_labelled(labelled_file(tmp_path, "\ufefflabel,text\npositive,Up\n")).texts == ("Up",)


@pytest.mark.parametrize("name", ["LABELS.CSV", "labels.csv.GZ"])
def test_the_name_may_be_in_any_case_and_packed(tmp_path: Path, name: str) -> None:
    content = b"label,text\npositive,Up\n"
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".GZ") else content)
    assert read_labelled(tmp_path / name).texts == ("Up",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,headline\npositive,Up\n", "no columns label and text"),
        ("", "no columns label and text"),
        ("label,text\n", "holds no texts"),
        ("label,text\npositive,Up\nmixed,So so\n", "line 3: the label 'mixed'"),
        ("label,text\npositive,\n", "line 2: there is no text"),
        ("label,text\npositive\n", "line 2: there is no text"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(StopProgram, match=message):
        read_labelled(labelled_file(tmp_path, content))


def test_a_file_that_is_missing_or_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"label,text\npositive,\xff\xfe\n")

    for path in (tmp_path / "labels.csv", tmp_path / "none.csv"):
        with pytest.raises(StopProgram, match=path.name):
            read_labelled(path)


def test_a_sample_keeps_the_order_the_pairs_and_the_seed() -> None:
    labels = (Sentiment.POSITIVE, Sentiment.NEGATIVE) * 50
    whole = Labelled("x", tuple(f"{number:03} {label}" for number, label in enumerate(labels)), labels)

    part = whole.sample(20, seed=4)

    assert len(part.texts) == len(part.labels) == 20
    assert list(part.texts) == sorted(part.texts)
    assert all(text.endswith(label) for text, label in zip(part.texts, part.labels, strict=True))
    assert part == whole.sample(20, seed=4) != whole.sample(20, seed=5)
    assert whole.sample(1000, seed=4) == whole
