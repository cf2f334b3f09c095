"""Private RabbitMQ and Redis servers for measurements, proofs and tests: started, used, removed without a trace."""
