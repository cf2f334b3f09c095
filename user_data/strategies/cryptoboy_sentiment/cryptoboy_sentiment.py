"""Makes `import cryptoboy_sentiment` find the package when a single file of this folder is run by itself.

`freqtrade list-strategies --recursive-strategy-search` runs every file of every folder separately and in an undefined
order. The only folder of this project on the import path is then the folder of that file, so
`import cryptoboy_sentiment` finds this file instead of the package. This file replaces itself with the package, so
the importing file gets the package.
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
