"""The processing of candles, from the exchange's stream to the queue."""
