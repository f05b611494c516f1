"""Alembic's entry: runs the migrations on the connection that `migrate` hands in."""

from __future__ import annotations

from alembic import context

from synapse_sdk.server.db.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    # SQLite can not alter most things in place; alembic then copies the table.
    render_as_batch=True,
)
context.run_migrations()
