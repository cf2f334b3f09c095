"""Leads from a single file of this folder to the package that the folder is.

`freqtrade list-strategies --recursive-strategy-search` runs every file of every folder by itself, with that file's
own folder as the only place of ours to import from, and in no certain order. `import cryptoboy_sentiment` then finds
this file instead of the package; it puts the package in its own place, and the file that asked never knows.
"""

import importlib
import sys
from pathlib import Path

_folder = str(Path(__file__).resolve().parent)
_path = sys.path[:]
try:
    sys.path[:] = [str(Path(_folder).parent), *(entry for entry in _path if entry != _folder)]
    sys.modules.pop("cryptoboy_sentiment", None)
    importlib.import_module("cryptoboy_sentiment")
finally:
    sys.path[:] = _path
