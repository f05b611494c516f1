"""Files that jobs leave behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "job_output",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_job_output_workspace_id")),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_job_output_job_key")),
        sa.PrimaryKeyConstraint("job_key", "attempt", "path", name=op.f("pk_job_output")),
    )
