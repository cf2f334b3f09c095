"""The variables of trading, from which Freqtrade's configuration is filled."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from services.common.values import Timeframe

Port = Annotated[int, Field(ge=0, le=65535)]


class TradingSettings(BaseSettings):
    """The part of `Settings` that Freqtrade is run with."""

    dry_run: Annotated[bool, Field(description="false trades with real money")] = True
    dry_run_wallet: Annotated[
        float, Field(gt=0, description="play money of a dry run, in the stake currency")
    ] = 1000.0
    stake_currency: Annotated[
        str, Field(pattern="^[A-Z0-9]{2,10}$", description="currency that trades are paid in")
    ] = "USDT"
    stake_amount: Annotated[float, Field(gt=0, description="stake of one trade, in the stake currency")] = (
        100.0
    )
    max_open_trades: Annotated[int, Field(ge=1, description="trades open at once")] = 3
    strategy_timeframe: Annotated[Timeframe, Field(description="candles on which the strategy decides")] = (
        "15m"
    )
    binance_api_key: Annotated[
        SecretStr | None, Field(description="exchange key; only live trading needs it")
    ] = None
    binance_api_secret: Annotated[
        SecretStr | None, Field(description="exchange secret; only live trading needs it")
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
