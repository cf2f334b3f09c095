"""The conversation in Telegram: what is asked there, how it is answered, and how anything is sent there."""
