"""The broker over RabbitMQ, with pika."""
