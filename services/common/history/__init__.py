"""The history: what the system received, decided and traded, kept in SQLite or PostgreSQL."""
