"""Contents, plugins, releases and their files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "blob",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_blob_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "digest", name=op.f("pk_blob")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plugin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_plugin_created_by")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_plugin_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin")),
        sa.UniqueConstraint("workspace_id", "code", name=op.f("uq_plugin_workspace_id_code")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("plugin_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("replaced_at", sa.String(27), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("schemas", sa.JSON(), nullable=True),
        sa.Column("lock_digest", sa.String(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("source IN ('synapse', 'vendor')", name=op.f("ck_release_source")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_release_created_by")),
        sa.ForeignKeyConstraint(["plugin_id"], ["plugin.id"], name=op.f("fk_release_plugin_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_release_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
    )
    is_draft = sa.text("is_draft AND replaced_at IS NULL")
    op.create_index(
        "uq_release_draft",
        "release",
        ["plugin_id", "version", "created_by"],
        unique=True,
        sqlite_where=is_draft,
        postgresql_where=is_draft,
    )
    is_published = sa.text("NOT is_draft")
    op.create_index(
        "uq_release_version",
        "release",
        ["plugin_id", "version"],
        unique=True,
        sqlite_where=is_published,
        postgresql_where=is_published,
    )
    op.create_table(
        "release_file",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("mode", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_file_release_id")),
        sa.PrimaryKeyConstraint("release_id", "path", name=op.f("pk_release_file")),
        sqlite_with_rowid=False,
    )
