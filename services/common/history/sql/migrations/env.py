"""Alembic's environment: runs the migrations in the transaction that `migrate` has begun."""

from __future__ import annotations

from alembic import context

from services.common.history.sql.schema.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
