"""The steps of a candle, from the exchange's stream to the queue."""
