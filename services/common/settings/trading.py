"""The variables of trading, from which Freqtrade's configuration is filled."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr
from pydantic_settings import BaseSettings

from services.common.values import Timeframe

UNLIMITED: Literal["unlimited"] = "unlimited"
UNLIMITED_TRADES = -1
SMALLEST_STAKE = 0.0001
"""What Freqtrade accepts at least, in the stake currency."""
CAREFUL_IF_EMPTY = ("DRY_RUN", "LIVE_TRADING_CONFIRMATION")
"""Variables that allow real money. Empty in the environment they say no, whatever `.env` says; other variables that
are empty there say nothing."""


def _read_stake(value: object) -> float | Literal["unlimited"]:
    if isinstance(value, str) and value.strip().lower() == UNLIMITED:
        return UNLIMITED
    try:
        amount = float(value)  # type: ignore[arg-type]  # whatever was given; the error is caught
    except (TypeError, ValueError):
        raise ValueError(f"expected a number such as 100, or {UNLIMITED}") from None
    if not (SMALLEST_STAKE <= amount < math.inf):
        raise ValueError(f"expected {SMALLEST_STAKE} or more, or {UNLIMITED}")
    return amount


def _check_most_trades(count: int) -> int:
    if count < 1 and count != UNLIMITED_TRADES:
        raise ValueError(f"expected 1 or more, or {UNLIMITED_TRADES} for as many as there are pairs")
    return count


def _in_capitals(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


StakeAmount = Annotated[float | Literal["unlimited"], PlainValidator(_read_stake)]
Port = Annotated[int, Field(ge=0, le=65535)]


class TradingSettings(BaseSettings):
    """The part of `Settings` that Freqtrade is run with."""

    dry_run: Annotated[
        bool,
        Field(
            description="false trades with real money; empty in the environment is true, whatever .env says"
        ),
    ] = True
    dry_run_wallet: Annotated[
        float, Field(gt=0, allow_inf_nan=False, description="play money of a dry run, in the stake currency")
    ] = 1000.0
    stake_currency: Annotated[
        str,
        BeforeValidator(_in_capitals),
        Field(pattern="^[A-Z0-9]{2,10}$", description="currency that trades are paid in, such as USDT"),
    ] = "USDT"
    stake_amount: Annotated[
        StakeAmount,
        Field(
            description="stake of one trade, in the stake currency; unlimited: an equal share of the balance"
        ),
    ] = 100.0
    max_open_trades: Annotated[
        int, AfterValidator(_check_most_trades), Field(description="trades open at once; -1: no limit")
    ] = 3
    strategy_timeframe: Annotated[Timeframe, Field(description="candles on which the strategy decides")] = (
        "15m"
    )
    exchange_key: Annotated[
        SecretStr | None, Field(description="key of the exchange; only live trading needs it")
    ] = None
    exchange_secret: Annotated[
        SecretStr | None, Field(description="secret of the exchange; only live trading needs it")
    ] = None
    exchange_password: Annotated[
        SecretStr | None,
        Field(description="passphrase of the key, for exchanges that have one (OKX, KuCoin)"),
    ] = None
    exchange_uid: Annotated[SecretStr | None, Field(description="user id, for exchanges that want one")] = (
        None
    )
    binance_api_key: Annotated[
        SecretStr | None, Field(description="the same as EXCHANGE_KEY, where EXCHANGE is binance")
    ] = None
    binance_api_secret: Annotated[
        SecretStr | None, Field(description="the same as EXCHANGE_SECRET, where EXCHANGE is binance")
    ] = None
    telegram_bot_token: Annotated[
        SecretStr | None, Field(description="Telegram bot for Freqtrade's messages")
    ] = None
    telegram_chat_id: Annotated[str | None, Field(description="Telegram chat for Freqtrade's messages")] = (
        None
    )
    live_trading_confirmation: Annotated[
        str | None, Field(description="'trade with real money', where no terminal can ask for it")
    ] = None
    live_keys_cannot_withdraw: Annotated[
        bool,
        Field(
            description="true: you looked, and the exchange's keys cannot withdraw; for an exchange that does not say"
        ),
    ] = False
    freqtrade_api_host: Annotated[str, Field(description="IP address on which Freqtrade's API listens")] = (
        "127.0.0.1"
    )
    freqtrade_api_port: Annotated[Port, Field(description="port of Freqtrade's API")] = 8080
    freqtrade_api_user: Annotated[str, Field(min_length=1, description="user of Freqtrade's API")] = (
        "cryptoboy"
    )
    freqtrade_api_pass: Annotated[
        SecretStr | None, Field(description="its password; unset: one is made for the run")
    ] = None
    strategy_metrics_port: Annotated[
        Port | None,
        Field(description="port for the strategy's metrics, on HEALTH_HOST; unset: it has none"),
    ] = None
