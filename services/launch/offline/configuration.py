"""The configuration that is added to the user's own, so that Freqtrade uses the replay exchange and nothing else.

Freqtrade merges its configuration files in order; ours comes last. The user's files are only read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.common.errors import StopProgram
from services.common.freqtrade_variables import PREFIX, freqtrade_variables
from services.launch.offline import elsewhere
from services.launch.offline.freqtrade_call import FreqtradeCall
from services.replay_exchange.ccxt_config import ccxt_config, exchange_section

EXCHANGE = "binance"
"""The exchange of Freqtrade whose interface the replay exchange has."""
_KEYS = (
    "key",
    "secret",
    "password",
    "uid",
    "walletAddress",
    "privateKey",
    "accountId",
    "wallet_address",
    "private_key",
)
_KEYS_OF_CCXT = (
    "apiKey",
    "secret",
    "password",
    "uid",
    "login",
    "walletAddress",
    "privateKey",
    "token",
    "twofa",
)
_SECTIONS_OF_CCXT = ("ccxt_config", "ccxt_sync_config", "ccxt_async_config")
_NETWORKS_OF_CCXT = ("sandbox", "testnet", "trust_env", "aiohttp_trust_env", "requests_trust_env")
"""Options of ccxt that replace the addresses by those of a test network, or ask the proxies of the environment."""
_OVERRIDDEN = ("exchange", "dry_run", "db_url", "dataformat_ohlcv", *elsewhere.SECTIONS)


@dataclass(frozen=True)
class Markets:
    """What is traded offline.

    Attributes:
        url: the address of the replay exchange.
        speed: how many times as fast as real time the clock runs.
        pairs: the recorded spot pairs.
        contracts: the perpetual contracts.
    """

    url: str
    speed: float
    pairs: Sequence[str]
    contracts: Sequence[str]


@dataclass(frozen=True)
class Addition:
    """What is added to a user's configuration.

    Attributes:
        config: the content of the last configuration file.
        notes: what this changes for the user, one sentence each.
    """

    config: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())


def users_configuration(call: FreqtradeCall) -> Mapping[str, Any]:
    """Read the user's configuration as Freqtrade does: the files in order, then the variables FREQTRADE__.

    Raises:
        StopProgram: a file is missing or is not a configuration, or its exchange is no object.
    """
    from freqtrade.configuration.environment_vars import environment_vars_to_dict
    from freqtrade.configuration.load_config import load_from_files
    from freqtrade.exceptions import FreqtradeException
    from freqtrade.misc import deep_merge_dicts

    try:
        files = load_from_files(list(call.configuration_files)) if call.configuration_files else {}
        merged: dict[str, Any] = deep_merge_dicts(environment_vars_to_dict(), files)
    except (FreqtradeException, OSError, ValueError, TypeError, AttributeError) as error:
        names = ", ".join(call.configuration_files)
        raise StopProgram(f"the configuration ({names}) cannot be read: {error}") from error
    exchange_section(merged)
    return merged


def is_futures(call: FreqtradeCall, user: Mapping[str, Any]) -> bool:
    """Whether the command is about perpetual contracts."""
    mode = call.parsed.get("trading_mode") or user.get("trading_mode") or "spot"
    if mode not in {"spot", "futures"}:
        raise StopProgram(f"the trading mode {mode} is not replayed; expected spot or futures")
    return bool(mode == "futures")


def refuse_live_trading(call: FreqtradeCall, user: Mapping[str, Any]) -> None:
    """Raise StopProgram if the command would trade live: a replay is no place for real orders."""
    if call.trades and user.get("dry_run") is not True and not call.parsed.get("dry_run") and user:
        raise StopProgram(
            "the configuration asks for live trading (dry_run is not true), and offline nothing is bought or sold: "
            "add --dry-run to freqtrade trade, or set dry_run to true"
        )


def addition(call: FreqtradeCall, user: Mapping[str, Any], markets: Markets) -> Addition:
    """Return the configuration that comes last.

    Raises:
        StopProgram: no pair of the user's whitelist was recorded.
    """
    futures = is_futures(call, user)
    traded = markets.contracts if futures else markets.pairs
    if not traded:
        raise StopProgram(
            "the candles are of perpetual contracts, and the configuration trades spot: set trading_mode to futures"
        )
    section = exchange_section(user)
    off = elsewhere.switched_off(user)
    notes = [*_about_exchange(section), *_about_pairs(call, user, traded), *off.notes]
    config: dict[str, Any] = {
        **off.config,
        "dry_run": True,
        "exchange": _exchange(section, markets, futures=futures),
    }
    if futures:
        config |= {"trading_mode": "futures", "margin_mode": user.get("margin_mode") or "isolated"}
        config["futures_funding_rate"] = user.get("futures_funding_rate", 0)
    if call.trades:
        config["initial_state"] = user.get("initial_state", "running")
    if not call.configuration_files:
        config = _defaults(traded) | config
        config["exchange"]["pair_whitelist"] = _of_currency(traded, config["stake_currency"])
        notes.append(
            f"without a configuration file: all pairs in {config['stake_currency']}, "
            f"a wallet of {config['dry_run_wallet']}, at most {config['max_open_trades']} open trades"
        )
    return Addition(config, tuple(notes))


def environment_without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the variables of Freqtrade that would override the added configuration."""
    ours = set()
    for name in freqtrade_variables(environ):
        field = name.upper().replace(PREFIX, "").lower()
        if field.partition("__")[0] in _OVERRIDDEN or field == elsewhere.LISTENS_ON:
            ours.add(name)
    return {name: value for name, value in environ.items() if name not in ours}


def _about_exchange(section: Mapping[str, Any]) -> list[str]:
    notes = []
    name = section.get("name")
    if name and name != EXCHANGE:
        notes.append(f"exchange {name} is replaced by the replay, which has the interface of {EXCHANGE}")
    if any(section.get(key) for key in _KEYS) or any(
        (section.get(part) or {}).get(key) for part in _SECTIONS_OF_CCXT for key in _KEYS_OF_CCXT
    ):
        notes.append("the API keys of the configuration are not used")
    return notes


def _exchange(section: Mapping[str, Any], markets: Markets, *, futures: bool) -> dict[str, Any]:
    ours = ccxt_config(markets.url, speed=markets.speed, futures=futures)
    ours["urls"]["api"] = _nowhere(markets.url) | ours["urls"]["api"]
    ours["options"] |= {"sandbox": False, "testnet": False}
    # Freqtrade reads the more specific sections after ccxt_config.
    parts = {part: _neutral(section[part]) | ours for part in _SECTIONS_OF_CCXT if section.get(part)}
    lists = {name: section[name] for name in ("pair_whitelist", "pair_blacklist") if name in section}
    return {
        **{key: "" for key in _KEYS if key in section},
        "ccxt_config": ours,
        **parts,
        **lists,
        **({"demo_trading": False} if "demo_trading" in section else {}),
        "name": EXCHANGE,
        "key": "",
        "secret": "",  # nosec B105 # none
        "only_from_ccxt": True,
    }


def _neutral(options: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the user's options of ccxt that would add keys, ask a proxy, or choose other addresses."""
    keys: dict[str, Any] = {key: "" for key in options if key in _KEYS_OF_CCXT}
    keys |= {key: False for key in options if key in _NETWORKS_OF_CCXT}
    return keys | {key: None for key in options if "proxy" in key.lower()}


def _nowhere(url: str) -> dict[str, str]:
    """Addresses of the replay exchange for all parts of Binance's interface: nothing else is ever asked."""
    import ccxt

    return dict.fromkeys(ccxt.binance().describe()["urls"]["api"], f"{url}/not-replayed")


def _about_pairs(call: FreqtradeCall, user: Mapping[str, Any], traded: Sequence[str]) -> list[str]:
    """Say which pairs of the user have no candles. Raises StopProgram if none has."""
    wanted = call.parsed.get("pairs") or exchange_section(user).get("pair_whitelist") or ()
    missing = [
        pair for pair in wanted if pair.replace("/", "").replace(":", "").isalnum() and pair not in traded
    ]
    if not missing:
        return []
    if len(missing) == len(wanted) and (call.trades or call.reads_candles):
        raise StopProgram(
            f"no pair of the configuration has candles ({', '.join(missing[:5])}): there are {', '.join(traded[:20])}"
        )
    return [f"no candles, so not traded: {', '.join(missing)}"]


def _defaults(traded: Sequence[str]) -> dict[str, Any]:
    currencies = Counter(_currency(pair) for pair in traded)
    pricing = {"price_side": "same", "use_order_book": True, "order_book_top": 1}
    return {
        "stake_currency": currencies.most_common(1)[0][0],
        "stake_amount": "unlimited",
        "dry_run_wallet": 1000,
        "max_open_trades": 3,
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "pairlists": [{"method": "StaticPairList"}],
    }


def _currency(pair: str) -> str:
    return pair.partition("/")[2].partition(":")[0]


def _of_currency(traded: Sequence[str], currency: str) -> list[str]:
    return [pair for pair in traded if _currency(pair) == currency]
