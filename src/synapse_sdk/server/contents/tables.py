"""Which content lies where in which pack."""

from __future__ import annotations

import sqlalchemy as sa

from synapse_sdk.server.db import metadata

#: Of the whole server, as the blob store is: which workspace has a content is said by `blob`.
packed_contents = sa.Table(
    "packed_content",
    metadata,
    sa.Column("digest", sa.String, primary_key=True),
    sa.Column("pack", sa.String, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
