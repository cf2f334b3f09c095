"""The history in a relational database: SQLite or PostgreSQL, by SQLAlchemy Core."""
