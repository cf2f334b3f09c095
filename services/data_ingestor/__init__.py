"""The services that collect data: the news poller and the market streamer."""
