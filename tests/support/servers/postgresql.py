"""A private PostgreSQL of this machine; the same as for measurements."""

from devtools.servers.postgresql import PostgresProgram, PostgresServer

__all__ = ["PostgresProgram", "PostgresServer"]
