"""`scripts/measure_scaling.py`: measures the cost of many pairs on a private Redis for docs/scaling.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from devtools.scaling.many_pairs import many_pairs
from devtools.servers.control import ServerProblem
from devtools.servers.programs import RedisProgram
from services.common.errors import StopProgram


def main() -> int:
    """Measure, report progress on stderr and print the figures; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=1000, help="how many; 1000 takes some minutes")
    parser.add_argument("--json", action="store_true", help="print a list of name, value, unit")
    options = parser.parse_args()
    with closing(RedisProgram()) as program, tempfile.TemporaryDirectory() as folder:
        try:
            program.start()
            figures = list(many_pairs(program.address(), Path(folder), options.pairs, tell))
        except (ServerProblem, StopProgram) as problem:
            tell(str(problem))
            return 1
        except KeyboardInterrupt:
            return 130
    if options.json:
        print(json.dumps([asdict(each) for each in figures], indent=2))
    else:
        for each in figures:
            print(f"{each.value:12,.2f} {each.unit:10}  {each.name}")
    return 0


def tell(text: str) -> None:
    """Write a line about the progress to stderr."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
