"""The strategies that a backtest can compare with themselves: ours by its rules, anybody's by the mixin."""
