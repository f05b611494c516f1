"""Tables of the registry."""

from __future__ import annotations

import sqlalchemy as sa

from synapse_sdk.server.db import Moment, metadata

blobs = sa.Table(
    "blob",
    metadata,
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    # Sizes go beyond 32 bits: PostgreSQL's integer would not hold them.
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.PrimaryKeyConstraint("workspace_id", "digest"),
    sqlite_with_rowid=False,
)

plugins = sa.Table(
    "plugin",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("code", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),  # these three as the newest release has them
    sa.Column("category", sa.String, nullable=False),
    sa.Column("description", sa.String, nullable=False),
    sa.Column("created_by", sa.Integer, sa.ForeignKey("account.id")),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("workspace_id", "code"),
)

releases = sa.Table(
    "release",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("plugin_id", sa.Integer, sa.ForeignKey("plugin.id"), nullable=False),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("is_draft", sa.Boolean, nullable=False),
    sa.Column("replaced_at", Moment),  # a draft whose author sent another: kept for jobs that have it
    sa.Column("created_by", sa.Integer, sa.ForeignKey("account.id")),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("config", sa.JSON, nullable=False),  # as its author wrote it; part of the digest
    sa.Column("schemas", sa.JSON(none_as_null=True)),  # by action: JSON schemas of params and result
    sa.Column("lock_digest", sa.String),  # a blob of the workspace
    sa.Column("size_bytes", sa.BigInteger, nullable=False),  # of all files, unpacked
    sa.Column("file_count", sa.Integer, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.CheckConstraint("source IN ('synapse', 'vendor')", name="source"),
)
# As text, because a truth value is `1` to one database and `true` to the other.
_IS_PUBLISHED = sa.text("NOT is_draft")
_IS_CURRENT_DRAFT = sa.text("is_draft AND replaced_at IS NULL")
sa.Index(
    "uq_release_version",
    releases.c.plugin_id,
    releases.c.version,
    unique=True,
    sqlite_where=_IS_PUBLISHED,
    postgresql_where=_IS_PUBLISHED,
)
sa.Index(
    "uq_release_draft",
    releases.c.plugin_id,
    releases.c.version,
    releases.c.created_by,
    unique=True,
    sqlite_where=_IS_CURRENT_DRAFT,
    postgresql_where=_IS_CURRENT_DRAFT,
)

release_files = sa.Table(
    "release_file",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("release_id", sa.Integer, sa.ForeignKey("release.id"), nullable=False),
    sa.Column("path", sa.String, nullable=False),
    sa.Column("mode", sa.Integer, nullable=False),  # permission bits: 0o644 or 0o755
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String, nullable=False),  # a blob of the workspace
    sa.PrimaryKeyConstraint("release_id", "path"),
    sqlite_with_rowid=False,
)
