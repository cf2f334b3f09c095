"""History: archives of news, their scores, backtests and studies, on the code that trades.

Importing this package makes the strategy's own modules importable (`cryptoboy_sentiment`, `LLMSentimentStrategy`):
what is researched is what runs, never a copy of it.
"""

from __future__ import annotations

import sys

from services.common.settings.settings import PROJECT_ROOT

_STRATEGIES = str(PROJECT_ROOT / "user_data" / "strategies")
if _STRATEGIES not in sys.path:
    sys.path.append(_STRATEGIES)
