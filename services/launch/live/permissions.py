"""Reads the permissions of an API key from its exchange, with one function for each supported exchange.

Permissions have the exchange's own names. Permissions to withdraw and to transfer are reported, because both can move
money out of the account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.common.errors import CannotSay

_TAKES_OUT = re.compile(r"withdraw|transfer", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rights:
    """What an exchange reports about a key.

    Attributes:
        taking_out: names of the permissions by which money can leave the account.
        is_bound: whether the key is restricted to IP addresses; None if the exchange does not report this.
    """

    taking_out: tuple[str, ...]
    is_bound: bool | None = None


def rights_of(exchange: Any) -> Rights:  # noqa: ANN401 - ccxt has no types
    """Ask the exchange for the permissions of the key.

    Raises:
        CannotSay: this exchange has no request for permissions, or its answer does not name them.
        Exception: whatever ccxt raises.
    """
    names = [each.__name__ for each in type(exchange).__mro__]
    ask = next((_EXCHANGES[name] for name in names if name in _EXCHANGES), None)
    if ask is None:
        raise CannotSay("it has no request for that")
    try:
        return ask(exchange)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise CannotSay(f"its answer is not understood ({type(error).__name__})") from error


def _binance(exchange: Any) -> Rights:  # noqa: ANN401
    flags = exchange.sapi_get_account_apirestrictions()
    _must_tell(flags, "enableWithdrawals")
    return Rights(_granted(flags), is_bound=_is_true(flags.get("ipRestrict")))


def _bybit(exchange: Any) -> Rights:  # noqa: ANN401
    answer = exchange.private_get_v5_user_query_api()["result"]
    names = [name for group in answer["permissions"].values() for name in group]
    addresses = [address for address in answer.get("ips") or [] if address not in ("*", "")]
    return Rights(_taking_out(names), is_bound=bool(addresses))


def _okx(exchange: Any) -> Rights:  # noqa: ANN401
    answer = exchange.private_get_account_config()["data"][0]
    return Rights(_taking_out(_listed(answer["perm"])), is_bound=bool(answer.get("ip")))


def _kucoin(exchange: Any) -> Rights:  # noqa: ANN401
    answer = exchange.private_get_user_api_key()["data"]
    return Rights(_taking_out(_listed(answer["permission"])), is_bound=bool(answer.get("ipWhitelist")))


def _kraken(exchange: Any) -> Rights:  # noqa: ANN401
    answer = exchange.private_post_getapikeyinfo()["result"]
    return Rights(_taking_out(_names(answer["permissions"])), is_bound=bool(answer.get("ip_allowlist")))


def _coinbase(exchange: Any) -> Rights:  # noqa: ANN401
    flags = exchange.v3_private_get_brokerage_key_permissions()
    _must_tell(flags, "can_transfer")
    return Rights(_granted(flags))


def _bitfinex(exchange: Any) -> Rights:  # noqa: ANN401
    rows = exchange.private_post_auth_r_permissions()
    names = [str(row[0]) for row in rows]
    if "withdraw" not in names:
        raise CannotSay("its answer does not name withdrawals")
    return Rights(_taking_out(str(name) for name, _read, write, *_ in rows if int(write)))


_EXCHANGES: Mapping[str, Callable[[Any], Rights]] = {
    "binance": _binance,
    "bybit": _bybit,
    "okx": _okx,
    "kucoin": _kucoin,
    "kraken": _kraken,
    "coinbase": _coinbase,
    "bitfinex": _bitfinex,
}


def _must_tell(flags: Mapping[str, object], name: str) -> None:
    if str(flags[name]).lower() not in ("true", "false"):
        raise CannotSay(f"its answer does not contain {name}")


def _granted(flags: Mapping[str, object]) -> tuple[str, ...]:
    return _taking_out(name for name, value in flags.items() if _is_true(value))


def _taking_out(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if _TAKES_OUT.search(name))


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _listed(text: str) -> list[str]:
    if not text.strip():
        raise CannotSay("its answer names no permission at all")
    return [name.strip() for name in text.split(",")]


def _names(found: object) -> list[str]:
    if not isinstance(found, list) or not found:
        raise CannotSay("its answer names no permission at all")
    return [str(name) for name in found]
