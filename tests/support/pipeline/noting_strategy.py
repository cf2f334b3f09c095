"""A strategy that writes down each row that it decides on. It runs in a Freqtrade folder, on nothing else of ours."""

# mypy: disable-error-code="misc"

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
from LLMSentimentStrategy import LLMSentimentStrategy

SEEN = Path(__file__).parent.parent / "seen.jsonl"


class Noting(LLMSentimentStrategy):
    """Notes the newest row as it is after the last step of the analysis."""

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, str]) -> pd.DataFrame:
        analysed: pd.DataFrame = super().populate_exit_trend(dataframe, metadata)
        row = {name: _value(value) for name, value in analysed.iloc[-1].items()}
        with SEEN.open("a") as file:
            file.write(json.dumps({"pair": metadata["pair"], **row}) + "\n")
        return analysed


def _value(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return str(value)
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
