"""RabbitMQ and Redis as private processes of this machine; the same as for measurements."""

from devtools.servers.programs import Program, RabbitProgram, RedisProgram, redis_program, remove_folder

__all__ = ["Program", "RabbitProgram", "RedisProgram", "redis_program", "remove_folder"]
