"""Private RabbitMQ and Redis servers for measurements and tests, which are started, used and completely removed."""
