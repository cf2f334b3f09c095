"""`cryptoboy pause` and `resume`: stop the strategy from opening trades, and let it again."""

from __future__ import annotations

import json

from services.cli.options import OF_STORE, Json, next_step, settings_for, store_hint


def pause(json_output: Json = False) -> None:
    """Stop new entries. Open trades go on and are closed by their rules.

    Example: ./cryptoboy pause
    """
    _set(paused=True, json_output=json_output)


def resume(json_output: Json = False) -> None:
    """Let the strategy open trades again.

    Example: ./cryptoboy resume
    """
    _set(paused=False, json_output=json_output)


def _set(*, paused: bool, json_output: bool) -> None:
    from services.common.store.open import open_store

    settings = settings_for(uses=OF_STORE)
    store = open_store(settings)
    try:
        with next_step(store_hint(settings)):
            store.pause_entries(paused=paused)
            now_paused = store.entries_paused()
    finally:
        store.close()
    place = f"{settings.redis_host}:{settings.redis_port}"
    if json_output:
        print(json.dumps({"entries": "paused" if now_paused else "allowed", "redis": place}))
    elif now_paused:
        print(
            f"New entries are paused from the bot's next loop on (Redis at {place}); exits go on. "
            "./cryptoboy resume lets them again."
        )
    else:
        print(f"New entries are allowed (Redis at {place}).")
