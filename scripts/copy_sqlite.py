#!/usr/bin/env python3
"""Copy a SQLite database while it is in use: `copy_sqlite.py FROM TO`. The script needs only Python."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def main() -> int:
    """Copy the database, check the copy, and return the exit status."""
    try:
        source, copy = (Path(argument).resolve() for argument in sys.argv[1:])
    except ValueError:  # the number of arguments is not two
        print("copy_sqlite.py FROM TO", file=sys.stderr)
        return 2
    if not source.is_file() or copy.exists():
        print(f"{source} must be there, and {copy} must not", file=sys.stderr)
        return 1
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as database,
        closing(sqlite3.connect(copy)) as target,
    ):
        database.backup(target)
        (state,) = target.execute("PRAGMA integrity_check").fetchone()
    print(f"{copy}: {state}")
    return 0 if state == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
