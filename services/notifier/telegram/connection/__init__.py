"""The connection to the Bot API: what is fetched and sent, and the limits of Telegram."""
