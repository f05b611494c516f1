"""Tables of datasets, models and files. Contents are named by digest; their bytes lie in the blob store."""

from __future__ import annotations

import sqlalchemy as sa

from synapse_sdk.server.db import Moment, metadata


def _workspace() -> sa.Column[int]:
    return sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False)


storages = sa.Table(
    "storage",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _workspace(),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("category", sa.String, nullable=False),
    sa.Column("provider", sa.String, nullable=False),  # as the vendor's clients name providers
    sa.Column("configuration", sa.JSON, nullable=False),  # no secrets: there is no place for them yet
    sa.Column("is_default", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
    sa.CheckConstraint("category IN ('internal', 'external')", name="category"),
)

chunked_uploads = sa.Table(
    "chunked_upload",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _workspace(),
    sa.Column("filename", sa.String, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),  # as the first chunk announced it
    sa.Column("digest", sa.String),  # NULL until it is complete
    sa.Column("md5", sa.String),  # hex, as the client gave it; NULL until it is complete
    sa.Column("created_by", sa.String, nullable=False),  # Principal.name: nobody else goes on with it
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("completed_at", Moment),
)

data_files = sa.Table(
    "data_file",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _workspace(),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("checksum", sa.String, nullable=False),  # SHA-1 hex, by which the vendor's clients know files
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index(None, "workspace_id", "checksum"),
)

datasets = sa.Table(
    "dataset",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _workspace(),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
)

dataset_versions = sa.Table(
    "dataset_version",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _workspace(),
    sa.Column("dataset_id", sa.Integer, sa.ForeignKey("dataset.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # counts the versions of one dataset from 1
    sa.Column("digest", sa.String, nullable=False),  # of the manifest: every path, size and content
    sa.Column("item_count", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("splits", sa.JSON, nullable=False),  # [{name, folder, item_count, size_bytes}]
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("dataset_id", "number"),
    sa.CheckConstraint("number >= 1", name="number"),
)

dataset_items = sa.Table(
    "dataset_item",
    metadata,
    sa.Column("version_id", sa.Integer, sa.ForeignKey("dataset_version.id"), nullable=False),
    _workspace(),
    sa.Column("path", sa.String, nullable=False),  # relative, with / between the parts
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.PrimaryKeyConstraint("version_id", "path"),
)

models = sa.Table(
    "model",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _workspace(),
    sa.Column("name", sa.String, nullable=False),  # need not be unique
    sa.Column("description", sa.String, nullable=False),
    sa.Column("metrics", sa.JSON, nullable=False),  # non-finite numbers as "NaN", "Infinity", "-Infinity"
    sa.Column("category", sa.String, nullable=False),
    sa.Column("parent_model_id", sa.Integer, sa.ForeignKey("model.id")),  # the checkpoint it started from
    sa.Column("configuration", sa.JSON, nullable=False),
    sa.Column("filename", sa.String, nullable=False),
    sa.Column("is_folder", sa.Boolean, nullable=False),
    sa.Column("item_count", sa.Integer, nullable=False),
    sa.Column("digest", sa.String, nullable=False),  # of the file; of the manifest for a folder
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.JSON(none_as_null=True)),  # workspace.records.ModelOrigin, NULL: no run made it
    sa.Column("job_id", sa.String, index=True),  # this and the next four: of the origin, to look for
    sa.Column("attempt", sa.Integer),
    sa.Column("release_digest", sa.String),
    sa.Column("plugin_code", sa.String),
    sa.Column("plugin_version", sa.String),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.CheckConstraint("category IN ('base', 'fine_tuned')", name="category"),
)

model_files = sa.Table(
    "model_file",
    metadata,
    sa.Column("model_id", sa.Integer, sa.ForeignKey("model.id"), nullable=False),
    _workspace(),
    sa.Column("path", sa.String, nullable=False),  # in a folder; the file's name for a single file
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.PrimaryKeyConstraint("model_id", "path"),
)

sa.Index(None, datasets.c.workspace_id, datasets.c.id)
sa.Index(None, models.c.workspace_id, models.c.id)
