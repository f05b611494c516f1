"""Agents, jobs, attempts, events, metric series, cut logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "agent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("interpreter", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("sdk_version", sa.String(), nullable=False),
        sa.Column("cpus", sa.Integer(), nullable=False),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("seen_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_agent_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_agent_workspace_id_name")),
    )
    op.create_table(
        "job",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("release_digest", sa.String(), nullable=False),
        sa.Column("lock_digest", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=True),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.Column("stop_requested_at", sa.String(27), nullable=True),
        sa.Column("stop_requested_by", sa.String(), nullable=True),
        sa.Column("wanted_agent_id", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("is_debug", sa.Boolean(), nullable=False),
        sa.Column("cpus", sa.Integer(), nullable=True),
        sa.Column("gpus", sa.Integer(), nullable=True),
        sa.Column("time_limit_s", sa.Float(), nullable=True),
        sa.Column("last_cursor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'STOPPED')", name=op.f("ck_job_state")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_job_agent_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_job_release_id")),
        sa.ForeignKeyConstraint(["wanted_agent_id"], ["agent.id"], name=op.f("fk_job_wanted_agent_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_job_workspace_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_job")),
        sa.UniqueConstraint("id", name=op.f("uq_job_id")),
        sa.UniqueConstraint("workspace_id", "number", name=op.f("uq_job_workspace_id_number")),
    )
    op.create_index(
        op.f("ix_job_workspace_id_job_plugin_job_key"), "job", ["workspace_id", "plugin", "key"], unique=False
    )
    op.create_index(
        op.f("ix_job_workspace_id_job_state_job_key"), "job", ["workspace_id", "state", "key"], unique=False
    )
    op.create_table(
        "attempt",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("lease_expires_at", sa.String(27), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=True),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.Column("end_state", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("exit", sa.JSON(), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("has_token", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "phase IN ('offered', 'preparing', 'running', 'ended')", name=op.f("ck_attempt_phase")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_attempt_agent_id")),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_attempt_job_key")),
        sa.PrimaryKeyConstraint("job_key", "number", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_agent_id_attempt_phase"), "attempt", ["agent_id", "phase"], unique=False)
    op.create_index(
        op.f("ix_attempt_phase_attempt_lease_expires_at"),
        "attempt",
        ["phase", "lease_expires_at"],
        unique=False,
    )
    op.create_table(
        "event_producer",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_event_producer_job_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_producer")),
        sa.UniqueConstraint(
            "job_key", "attempt", "name", name=op.f("uq_event_producer_job_key_attempt_name")
        ),
    )
    op.create_table(
        "job_document",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("envelope", sa.JSON(), nullable=False),
        sa.Column("env", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("failure", sa.JSON(), nullable=True),
        sa.Column("claims", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_job_document_job_key")),
        sa.PrimaryKeyConstraint("job_key", name=op.f("pk_job_document")),
    )
    op.create_table(
        "job_progress",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_job_progress_job_key")),
        sa.PrimaryKeyConstraint("job_key", name=op.f("pk_job_progress")),
    )
    op.create_table(
        "log_cut",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("kept_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_log_cut_job_key")),
        sa.PrimaryKeyConstraint("job_key", "attempt", "stream", name=op.f("pk_log_cut")),
    )
    op.create_table(
        "metric_series",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("producer", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("point_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_metric_series_job_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_series")),
        sa.UniqueConstraint(
            "job_key",
            "attempt",
            "producer",
            "step",
            "key",
            name=op.f("uq_metric_series_job_key_attempt_producer_step_key"),
        ),
    )
    op.create_table(
        "event",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", sa.String(27), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_event_job_key")),
        sa.ForeignKeyConstraint(["producer_id"], ["event_producer.id"], name=op.f("fk_event_producer_id")),
        sa.PrimaryKeyConstraint("job_key", "cursor", name=op.f("pk_event")),
        sa.UniqueConstraint("producer_id", "seq", name=op.f("uq_event_producer_id_seq")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_bucket",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("point_count", sa.BigInteger(), nullable=False),
        sa.Column("finite_count", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.Float(), nullable=True),
        sa.Column("maximum", sa.Float(), nullable=True),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("last_ordinal", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Float(), nullable=True),
        sa.Column("global_step", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["metric_series.id"], name=op.f("fk_metric_bucket_series_id")),
        sa.PrimaryKeyConstraint("series_id", "width", "index", name=op.f("pk_metric_bucket")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_point",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("epoch", sa.Float(), nullable=True),
        sa.Column("global_step", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["series_id"], ["metric_series.id"], name=op.f("fk_metric_point_series_id")),
        sa.PrimaryKeyConstraint("series_id", "ordinal", name=op.f("pk_metric_point")),
        sqlite_with_rowid=False,
    )
