"""Shows the findings of `cryptoboy doctor` on terminals of any width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import TextWrapper

from rich.text import Text

from services.cli.support.answers import answer_console, as_typed
from services.operations.checks.check import Check

_STYLES = {"ok": "green", "warning": "yellow", "unknown": "cyan", "failed": "bold red"}
# A terminal with fewer columns than this beside the names wraps the lines better by itself.
_NARROWEST = 40


def show_checks(findings: Sequence[Check]) -> None:
    """Print each finding with its remedy, and the number of findings of each state."""
    console = answer_console()
    for line in lines_of(findings, console.width):
        console.print(line, soft_wrap=True)
    counts = Counter[str](finding.state for finding in findings)
    console.print(", ".join(f"{counts[state]} {state}" for state in _STYLES))


def lines_of(findings: Sequence[Check], width: int) -> list[Text]:
    """The findings as lines of at most `width` characters; a longer word or path is not broken.

    A remedy that several findings share is shown once, after the last of them.
    """
    states = max(len(finding.state) for finding in findings)
    names = max(len(finding.name) for finding in findings)
    indent = " " * (states + names + 4)
    wrapper = TextWrapper(
        max(width, len(indent) + _NARROWEST),
        break_long_words=False,
        break_on_hyphens=False,
        initial_indent=indent,
        subsequent_indent=indent,
    )
    last = {finding.remedy: number for number, finding in enumerate(findings)}
    shared = Counter(finding.remedy for finding in findings)
    lines = []
    for number, finding in enumerate(findings):
        found = [line for part in finding.found.splitlines() for line in wrapper.wrap(part)]
        head = Text(f"{finding.state:<{states}}  ", style=_STYLES[finding.state])
        head.append(f"{finding.name:<{names}}  ", style="default")
        head.append("".join(found[:1]).strip(), style="default")
        lines += [head, *(Text(line) for line in found[1:])]
        if finding.remedy and last[finding.remedy] == number:
            mends = "to mend it" if shared[finding.remedy] == 1 else f"to mend these {shared[finding.remedy]}"
            advice = "instead" if finding.state == "unknown" else mends
            text = f"{advice}: {as_typed(finding.remedy)}"
            lines += [Text(line, style="italic") for line in wrapper.wrap(text)]
    return lines
