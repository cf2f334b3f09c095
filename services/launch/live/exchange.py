"""Checks of the exchange before live trading: its clock, and the permissions of the API key."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from services.common.errors import CannotSay
from services.common.secrets.redaction import Redact, redactor
from services.common.secrets.secret_texts import secrets_of
from services.common.settings.settings import Settings
from services.data_ingestor.market.ccxt.errors import one_line
from services.launch.freqtrade.exchange_keys import exchange_keys
from services.launch.live.findings import Finding, away, fault, note
from services.launch.live.permissions import Rights, rights_of

MOST_SECONDS_OFF = 3.0
"""The largest accepted difference of clocks. Exchanges refuse orders dated over 1 s ahead or 10 s behind."""
SAMPLES = 3
_PATIENCE_MS = 10_000
_CCXT_NAMES = {"key": "apiKey"}  # of Freqtrade's names; the others are the same
_AWAY_STEP = "look at the network and at the exchange's own page, then start again"
_UNKNOWN_STEP = (
    f"{_AWAY_STEP}; if it never does, check there that the key cannot withdraw, then start with --i-know"
)
_CLOCK_STEP = (
    "timedatectl set-ntp true (systemd-timesyncd or chrony), and wait until `timedatectl` says synchronised"
)


def exchange_findings(settings: Settings, *, is_sure: bool) -> list[Finding]:
    """Check the clock and the key at the exchange, with the keys and the options that Freqtrade will use.

    Args:
        settings: exchange, keys and EXCHANGE_CONFIG, which may name a proxy.
        is_sure: whether the operator confirms that the keys cannot withdraw; used if the exchange does not report
            this.
    """
    redact = redactor(secrets_of(settings))
    try:
        exchange = _open(settings)
    except ModuleNotFoundError as error:
        text = f"{settings.exchange} could not be asked: {error.name} is not installed here"
        return [fault(text, "./cryptoboy trade --help installs it in a checkout")]
    except Exception as error:  # noqa: BLE001 - ccxt stumbles over a configuration in any way
        text = f"EXCHANGE_CONFIG cannot be used for {settings.exchange}: {redact(one_line(error))}"
        return [fault(text, "correct EXCHANGE_CONFIG")]
    found = clock_findings(exchange, redact)
    found += key_findings(exchange, redact, is_sure=is_sure)
    return found


def clock_findings(
    exchange: Any,  # noqa: ANN401 - ccxt has no types
    redact: Redact,
    now: Callable[[], float] = time.time,
    elapsed: Callable[[], float] = time.monotonic,
) -> list[Finding]:
    """Compare this machine's clock with the exchange's, by the quickest of SAMPLES answers.

    The exchange read its clock at some time within the round trip. This function assumes the middle of the round
    trip. The error of this assumption is at most half of the round trip, so that much is subtracted from the
    difference of the clocks.
    """
    name = exchange.id
    if not exchange.has.get("fetchTime"):
        text = f"{name} does not report its time: this machine's clock could not be checked"
        return [note(text, "check yourself that `timedatectl` says synchronised")]
    samples = []
    try:
        for _ in range(SAMPLES):
            asked, started = now(), elapsed()
            theirs = float(exchange.fetch_time()) / 1000
            trip = elapsed() - started
            samples.append((trip, theirs - (asked + trip / 2)))
    except Exception as error:  # noqa: BLE001 - ccxt stumbles over answers in any way
        if not samples:
            text = f"{name} could not be asked for its time, to check the clock: {redact(one_line(error))}"
            return [away(text, _AWAY_STEP)]
    trip, off = min(samples)
    if abs(off) - trip / 2 > MOST_SECONDS_OFF:
        side = "behind" if off > 0 else "ahead of"
        return [fault(f"the clock of this machine is {abs(off):.1f} s {side} that of {name}", _CLOCK_STEP)]
    if trip / 2 > MOST_SECONDS_OFF:
        return [away(f"{name} takes {trip:.0f} s to answer: the clock could not be checked", _AWAY_STEP)]
    return []


def key_findings(exchange: Any, redact: Redact, *, is_sure: bool) -> list[Finding]:  # noqa: ANN401
    """Check the permissions of the key: whoever steals a key that can withdraw can take the money out."""
    try:
        return _about_rights(exchange.id, rights_of(exchange))
    except CannotSay as error:
        return [_unsure(exchange.id, str(error), is_sure=is_sure)]
    except Exception as error:  # noqa: BLE001 - ccxt stumbles over answers in any way
        return [_about_error(exchange.id, error, redact(one_line(error)), is_sure=is_sure)]


def _about_rights(name: str, rights: Rights) -> list[Finding]:
    if rights.taking_out:
        granted = ", ".join(rights.taking_out)
        text = f"the key can take money out of the account at {name}: {granted}"
        return [
            fault(
                text,
                f"make a key at {name} that may only read and trade spot, bound to this machine's address",
            )
        ]
    if rights.is_bound is False:
        text = f"the key works from every address: whoever steals it can trade at {name}"
        return [note(text, f"bind it to this machine's address at {name}")]
    return []


def _about_error(name: str, error: Exception, reason: str, *, is_sure: bool) -> Finding:
    import ccxt

    if isinstance(error, ccxt.InvalidNonce):
        return fault(f"{name} refuses this machine's clock: {reason}", _CLOCK_STEP)
    if isinstance(error, ccxt.AuthenticationError) and not isinstance(error, ccxt.PermissionDenied):
        step = "check key, secret and passphrase, and whether the key is bound to another address"
        return fault(f"{name} refuses the key: {reason}", step)
    if isinstance(error, ccxt.NetworkError):
        text = f"{name} could not be asked what the key may do: {reason}"
        return note(text, "check yourself that it cannot withdraw") if is_sure else away(text, _UNKNOWN_STEP)
    return _unsure(name, reason, is_sure=is_sure)


def _unsure(name: str, why: str, *, is_sure: bool) -> Finding:
    if is_sure:
        return note(
            f"{name} does not report what the key may do ({why})", "nothing; you said that it cannot withdraw"
        )
    return fault(
        f"{name} does not report whether the key can withdraw ({why})",
        "check at the exchange that it cannot, then start with --i-know, or set LIVE_KEYS_CANNOT_WITHDRAW=true",
    )


def _open(settings: Settings) -> Any:  # noqa: ANN401
    import ccxt

    keys = {_CCXT_NAMES.get(name, name): value for name, value in exchange_keys(settings).items()}
    # No rate limit: a pause before a request would count as part of the round trip.
    usual = {"timeout": _PATIENCE_MS, "enableRateLimit": False}
    config = {**usual, **keys, **settings.exchange_config.get_secret_value(), "enableRateLimit": False}
    return getattr(ccxt, settings.exchange)(config)
