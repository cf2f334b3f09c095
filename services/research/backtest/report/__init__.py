"""The reports of a backtest: an HTML page with charts for people, and JSON for programs."""
