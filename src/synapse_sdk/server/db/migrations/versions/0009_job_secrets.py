"""Secret params of jobs, beside what is shown of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "job_secret",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_job_secret_job_key")),
        sa.PrimaryKeyConstraint("job_key", name=op.f("pk_job_secret")),
    )
