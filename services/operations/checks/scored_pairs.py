"""Whether somebody scores every pair that Freqtrade may trade: for `doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import Settings
from services.launch.freqtrade.api import FreqtradeApi


def unscored_pairs(settings: Settings) -> str:
    """What is to be said of them.

    Raises:
        StopProgram: nobody scores some of the pairs, or Redis refuses to say.
    """
    from services.common.store.open import open_store

    store = open_store(settings)
    try:
        scored = store.scored_pairs()
    except TryLater:
        return "not known while Redis does not answer"
    finally:
        store.close()
    if scored is None:
        return "not known: no signal_cacher has announced the scored pairs yet"
    whitelist, whose = _whitelist(settings)
    if unscored := [pair for pair in whitelist if pair not in scored]:
        raise StopProgram(
            f"nobody scores {', '.join(unscored)} of {whose}: there is never sentiment on such a pair, so no entry"
        )
    return f"all {len(whitelist)} pairs of {whose} are scored"


def _whitelist(settings: Settings) -> tuple[list[str], str]:
    """The pairs that Freqtrade may trade, if it runs here and answers; else those of the settings."""
    for port, user, password in _logins(settings):
        api = FreqtradeApi(port, user, password)
        try:
            return api.whitelist(), "Freqtrade's whitelist"
        except TryLater:
            continue
        finally:
            api.close()
    return list(settings.trading_pairs), "TRADING_PAIRS"


def _logins(settings: Settings) -> Iterator[tuple[int, str, str]]:
    if settings.freqtrade_api_pass is not None:
        password = settings.freqtrade_api_pass.get_secret_value()
        yield settings.freqtrade_api_port, settings.freqtrade_api_user, password
    for command in ("up", "trade"):  # which make a password of their own
        path = settings.state_dir / command / "freqtrade.json"
        try:
            api = json.loads(path.read_text())["api_server"]
            yield int(api["listen_port"]), str(api["username"]), str(api["password"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
