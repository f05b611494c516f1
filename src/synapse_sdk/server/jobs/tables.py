"""Tables of jobs.

A job has an id that the world knows and a `key` that only these tables know: millions of events point at it.
What can be large (params, envelope, result) lies beside the job, so that lists never read it.
"""

from __future__ import annotations

import sqlalchemy as sa

from synapse_sdk.server.db import Moment, metadata

agents = sa.Table(
    "agent",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("interpreter", sa.String, nullable=False),
    sa.Column("platform", sa.String, nullable=False),
    sa.Column("sdk_version", sa.String, nullable=False),
    sa.Column("cpus", sa.Integer, nullable=False),
    sa.Column("gpus", sa.Integer, nullable=False),
    sa.Column("url", sa.String),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),  # last heartbeat or claim
    sa.UniqueConstraint("workspace_id", "name"),
)

jobs = sa.Table(
    "job",
    metadata,
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, nullable=False, unique=True),  # UUIDv7
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # counted per workspace from 1
    sa.Column("release_id", sa.Integer, sa.ForeignKey("release.id"), nullable=False),
    sa.Column("plugin", sa.String, nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("release_digest", sa.String, nullable=False),
    sa.Column("lock_digest", sa.String),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("method", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("cause", sa.String),
    sa.Column("reason", sa.String),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("started_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("stop_requested_at", Moment),
    sa.Column("stop_requested_by", sa.String),
    sa.Column("wanted_agent_id", sa.Integer, sa.ForeignKey("agent.id")),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agent.id")),  # of the latest attempt
    sa.Column("attempt_count", sa.Integer, nullable=False),
    sa.Column("language", sa.String, nullable=False),
    sa.Column("is_debug", sa.Boolean, nullable=False),
    sa.Column("cpus", sa.Integer),  # NULL: did not ask
    sa.Column("gpus", sa.Integer),
    sa.Column("time_limit_s", sa.Float),
    sa.Column("last_cursor", sa.BigInteger, nullable=False),  # of its events
    sa.UniqueConstraint("workspace_id", "number"),
    sa.CheckConstraint("state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'STOPPED')", name="state"),
    sa.Index(None, "workspace_id", "state", "key"),
    sa.Index(None, "workspace_id", "plugin", "key"),
)

job_documents = sa.Table(
    "job_document",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), primary_key=True),
    sa.Column("params", sa.JSON, nullable=False),
    sa.Column("envelope", sa.JSON, nullable=False),
    sa.Column("env", sa.JSON, nullable=False),  # config `env` of the release
    sa.Column("result", sa.JSON),
    sa.Column("failure", sa.JSON),  # what was raised, with the author's traceback
    sa.Column("claims", sa.JSON),  # what foreign workers said by PATCH
)

# Params with a secret among them, as they were given; in `job_document` the secrets are masked.
job_secrets = sa.Table(
    "job_secret",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), primary_key=True),
    sa.Column("params", sa.JSON, nullable=False),
)

# By itself, because it changes with every batch: changing a row writes all of it.
job_progress = sa.Table(
    "job_progress",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), primary_key=True),
    sa.Column("steps", sa.JSON, nullable=False),  # step (empty: none) → its latest progress event's body
)

attempts = sa.Table(
    "attempt",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agent.id"), nullable=False),
    sa.Column("phase", sa.String, nullable=False),
    sa.Column("lease_expires_at", Moment, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("started_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("end_state", sa.String),
    sa.Column("cause", sa.String),
    sa.Column("reason", sa.String),
    sa.Column("exit", sa.JSON),  # the supervisor's record; NULL while there is none, also for a lost one
    sa.Column("is_confirmed", sa.Boolean, nullable=False),  # the agent knows that it has it
    sa.Column("has_token", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("job_key", "number"),
    sa.CheckConstraint("phase IN ('offered', 'preparing', 'running', 'ended')", name="phase"),
    sa.Index(None, "phase", "lease_expires_at"),
    sa.Index(None, "agent_id", "phase"),
)

event_producers = sa.Table(
    "event_producer",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("name", sa.String, nullable=False),  # "worker", "agent", "server", "worker/rank3"
    sa.Column("last_seq", sa.BigInteger, nullable=False),  # the highest that is here
    sa.UniqueConstraint("job_key", "attempt", "name"),
)

# A row for events of one producer that arrived together and follow each other, not for each event: a thousand
# rows with their indexes cost ten times as much as one row of a thousand lines.
event_chunks = sa.Table(
    "event_chunk",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), nullable=False),
    sa.Column("first_cursor", sa.BigInteger, nullable=False),  # order of arrival, counted per job from 1
    sa.Column("last_cursor", sa.BigInteger, nullable=False),
    sa.Column("producer_id", sa.Integer, sa.ForeignKey("event_producer.id"), nullable=False),
    sa.Column("first_seq", sa.BigInteger, nullable=False),  # no gaps between it and the last one
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.String(27), nullable=False),  # ISO text as `Moment` writes it
    sa.Column("kinds", sa.Text, nullable=False),  # a letter for each event; see `event_store`
    sa.Column("lines", sa.Text, nullable=False),  # the events as their producer wrote them, a line each
    sa.PrimaryKeyConstraint("job_key", "last_cursor"),
    sa.UniqueConstraint("producer_id", "last_seq"),
)

metric_series = sa.Table(
    "metric_series",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("producer", sa.String, nullable=False),
    sa.Column("step", sa.String, nullable=False),  # empty: none
    sa.Column("key", sa.String, nullable=False),
    sa.Column("point_count", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("job_key", "attempt", "producer", "step", "key"),
)

# A row for the points of a series that arrived together; see `metric_chunks`.
metric_chunks = sa.Table(
    "metric_chunk",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("series_id", sa.Integer, sa.ForeignKey("metric_series.id"), nullable=False),
    sa.Column("first_ordinal", sa.BigInteger, nullable=False),  # counted by the producer from 0
    sa.Column("last_ordinal", sa.BigInteger, nullable=False),
    sa.Column("ordinals_i64", sa.LargeBinary),  # NULL: all from the first to the last
    sa.Column("values_f64", sa.LargeBinary, nullable=False),
    # Other numbers of the same events that say where they were measured; NULL: none has one.
    sa.Column("epochs_f64", sa.LargeBinary),
    sa.Column("global_steps_f64", sa.LargeBinary),
    sa.PrimaryKeyConstraint("series_id", "first_ordinal"),
)

metric_buckets = sa.Table(
    "metric_bucket",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("series_id", sa.Integer, sa.ForeignKey("metric_series.id"), nullable=False),
    sa.Column("width", sa.Integer, nullable=False),  # points: holds ordinals from index * width on
    sa.Column("index", sa.BigInteger, nullable=False),
    sa.Column("point_count", sa.BigInteger, nullable=False),
    sa.Column("finite_count", sa.BigInteger, nullable=False),
    sa.Column("minimum", sa.Float),  # of the finite ones; NULL: none
    sa.Column("maximum", sa.Float),
    sa.Column("total", sa.Float, nullable=False),  # sum of the finite ones
    sa.Column("last_ordinal", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.Float),  # of its first point
    sa.Column("global_step", sa.Float),
    sa.PrimaryKeyConstraint("series_id", "width", "index"),
    sqlite_with_rowid=False,
)

log_cuts = sa.Table(
    "log_cut",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("job_key", sa.Integer, sa.ForeignKey("job.key"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("stream", sa.String, nullable=False),
    sa.Column("kept_bytes", sa.BigInteger, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),  # as far as the agent has sent it
    sa.PrimaryKeyConstraint("job_key", "attempt", "stream"),
)
