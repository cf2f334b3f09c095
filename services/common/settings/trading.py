"""The variables of trading, from which Freqtrade's configuration is made."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PlainValidator, SecretStr

from services.common.settings.types import Port
from services.common.values import Timeframe

UNLIMITED: Literal["unlimited"] = "unlimited"
UNLIMITED_TRADES = -1
SMALLEST_STAKE = 0.0001
"""The smallest stake that Freqtrade accepts, in the stake currency."""
CAREFUL_IF_EMPTY = ("DRY_RUN", "LIVE_TRADING_CONFIRMATION")
"""Variables that allow trading with real money. If one is set but empty in the environment, its value in `.env` is
ignored and real money is not allowed. Other variables that are empty in the environment count as unset there."""


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


class TradingSettings(BaseModel):
    """The part of `Settings` with which Freqtrade is run."""

    dry_run: bool = Field(
        True, description="false trades with real money; empty in the environment is true, whatever .env says"
    )
    dry_run_wallet: float = Field(
        1000.0, gt=0, allow_inf_nan=False, description="play money of a dry run, in the stake currency"
    )
    stake_currency: Annotated[str, BeforeValidator(_in_capitals)] = Field(
        "USDT", pattern="^[A-Z0-9]{2,10}$", description="currency that trades are paid in, such as USDT"
    )
    stake_amount: StakeAmount = Field(
        100.0,
        description="stake of one trade, in the stake currency; unlimited: an equal share of the balance",
    )
    max_open_trades: Annotated[int, AfterValidator(_check_most_trades)] = Field(
        3, description="trades open at once; -1: no limit"
    )
    strategy_timeframe: Timeframe = Field("15m", description="candles on which the strategy decides")
    exchange_key: SecretStr | None = Field(
        None, description="key of the exchange; only live trading needs it"
    )
    exchange_secret: SecretStr | None = Field(
        None, description="secret of the exchange; only live trading needs it"
    )
    exchange_password: SecretStr | None = Field(
        None, description="passphrase of the key, for exchanges that have one (OKX, KuCoin)"
    )
    exchange_uid: SecretStr | None = Field(None, description="user id, for exchanges that want one")
    binance_api_key: SecretStr | None = Field(
        None, description="the same as EXCHANGE_KEY, where EXCHANGE is binance"
    )
    binance_api_secret: SecretStr | None = Field(
        None, description="the same as EXCHANGE_SECRET, where EXCHANGE is binance"
    )
    telegram_bot_token: SecretStr | None = Field(None, description="Telegram bot for Freqtrade's messages")
    telegram_chat_id: str | None = Field(None, description="Telegram chat for Freqtrade's messages")
    live_trading_confirmation: str | None = Field(
        None, description="'trade with real money', where no terminal can ask for it"
    )
    live_keys_cannot_withdraw: bool = Field(
        False,
        description="true: you looked, and the exchange's keys cannot withdraw; for an exchange that does not say",
    )
    freqtrade_api_host: str = Field(
        "127.0.0.1",
        description="IP address on which Freqtrade's API listens, and where history_recorder asks it",
    )
    freqtrade_api_port: Port = Field(8080, description="port of Freqtrade's API")
    freqtrade_api_user: str = Field("cryptoboy", min_length=1, description="user of Freqtrade's API")
    freqtrade_api_pass: SecretStr | None = Field(
        None, description="its password; unset: one is made for the run"
    )
    freqtrade_ws_token: SecretStr | None = Field(
        None,
        description="token of Freqtrade's message WebSocket, for history_recorder; unset: one is made for the run",
    )
    strategy_metrics_port: Port | None = Field(
        None, description="port for the strategy's metrics, on HEALTH_HOST; unset: it has none"
    )
