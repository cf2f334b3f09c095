"""The broker adapter for RabbitMQ, based on the library pika."""
