"""Makes `import cryptoboy_sentiment` find the package when a single file of this folder is run by itself.

See the file of this name in the folder above, which does the same for that folder.
"""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "cryptoboy_sentiment.py"))
