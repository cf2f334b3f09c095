"""The `.env` of the specification, word for word."""

SPECIFIED = """\
# Exchange API
BINANCE_API_KEY=your_api_key
BINANCE_API_SECRET=your_api_secret

# RabbitMQ
RABBITMQ_USER=cryptoboy
RABBITMQ_PASS=cryptoboy123

# Redis (optional, defaults work for local development)
REDIS_HOST=redis
REDIS_PORT=6379

# Ollama LLM
OLLAMA_HOST=http://ollama:11434
OLLAMA_MODEL=mistral:7b

# Trading Configuration
TRADING_PAIRS=BTC/USDT,ETH/USDT,BNB/USDT
CANDLE_TIMEFRAME=1m
NEWS_POLL_INTERVAL=300

# Telegram Notifications
TELEGRAM_BOT_TOKEN=your_bot_token
TELEGRAM_CHAT_ID=your_chat_id

# Trading Mode
DRY_RUN=true  # Set to false for live trading

# Logging
LOG_LEVEL=INFO
"""
