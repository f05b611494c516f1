"""Rows of plugins and releases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.server.db.bulk_insert import insert_rows
from synapse_sdk.server.registry.models import NewRelease, Plugin, Release
from synapse_sdk.server.registry.tables import plugins, release_files, releases

#: Files of another release that are left out by name when the rest of them is copied.
EXCEPTED = 500
_PLUGIN_COLUMNS = [
    plugins.c[name]
    for name in (
        "id",
        "workspace_id",
        "code",
        "name",
        "category",
        "description",
        "created_by",
        "created_at",
    )
]
_RELEASE_COLUMNS = [
    releases.c.id,
    releases.c.workspace_id,
    releases.c.plugin_id,
    plugins.c.code.label("plugin_code"),
    *(
        releases.c[name]
        for name in (
            "version",
            "digest",
            "is_draft",
            "replaced_at",
            "created_by",
            "created_at",
            "config",
            "schemas",
            "lock_digest",
            "size_bytes",
            "file_count",
            "source",
        )
    ),
]
_FILE_COLUMNS = [
    release_files.c.path,
    release_files.c.mode,
    release_files.c.size_bytes,
    release_files.c.digest,
]


def ensure_plugin(
    connection: sa.Connection, workspace_id: int, new: NewRelease, *, created_by: int | None, now: datetime
) -> Plugin:
    """Return the plugin of a release, made with its first one; what people read of it follows the newest."""
    shown = {
        "name": new.config.name,
        "category": new.config.category.value,
        "description": new.config.description,
    }
    found = find_plugin(connection, workspace_id, code=new.code)
    if found is None:
        values = {
            "workspace_id": workspace_id,
            "code": new.code,
            "created_by": created_by,
            "created_at": now,
            **shown,
        }
        connection.execute(sa.insert(plugins).values(values))
    elif not new.is_draft:
        connection.execute(sa.update(plugins).where(plugins.c.id == found.id).values(shown))
    plugin = find_plugin(connection, workspace_id, code=new.code)
    assert plugin is not None
    return plugin


def find_plugin(
    connection: sa.Connection, workspace_id: int, *, code: str | None = None, plugin_id: int | None = None
) -> Plugin | None:
    """Return a plugin by its code or its id."""
    query = sa.select(*_PLUGIN_COLUMNS).where(plugins.c.workspace_id == workspace_id)
    query = query.where(plugins.c.code == code if plugin_id is None else plugins.c.id == plugin_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Plugin(*row)


def list_plugins(
    connection: sa.Connection, workspace_id: int, *, after: int, limit: int, visible_to: int | None
) -> list[Plugin]:
    """Return plugins that have a release which this account may see, in the order of their ids."""
    seen = sa.exists().where(releases.c.plugin_id == plugins.c.id, _is_visible(visible_to))
    query = (
        sa.select(*_PLUGIN_COLUMNS)
        .where(plugins.c.workspace_id == workspace_id, plugins.c.id > after, seen)
        .order_by(plugins.c.id)
        .limit(limit)
    )
    return [Plugin(*row) for row in connection.execute(query)]


def add_release(
    connection: sa.Connection, plugin: Plugin, new: NewRelease, *, created_by: int | None, now: datetime
) -> Release:
    """Make a release with its files. A draft takes the place of the one its author had of this version."""
    if new.is_draft:
        older = sa.update(releases).where(
            releases.c.plugin_id == plugin.id,
            releases.c.version == new.version,
            releases.c.created_by == created_by,
            releases.c.is_draft == sa.true(),
            releases.c.replaced_at.is_(None),
        )
        connection.execute(older.values(replaced_at=now))
    values = {
        "workspace_id": plugin.workspace_id,
        "plugin_id": plugin.id,
        "version": new.version,
        "digest": new.digest,
        "is_draft": new.is_draft,
        "created_by": created_by,
        "created_at": now,
        "config": dict(new.config_document),
        "schemas": None if new.schemas is None else dict(new.schemas),
        "lock_digest": new.lock_digest,
        "size_bytes": new.size_bytes,
        "file_count": len(new.files),
        "source": new.source,
    }
    result: sa.CursorResult[Any] = connection.execute(sa.insert(releases).values(values))
    key: Any = result.inserted_primary_key
    _add_files(connection, plugin.workspace_id, key.id, new)
    release = find_release(connection, plugin.workspace_id, release_id=key.id)
    assert release is not None
    return release


def _add_files(connection: sa.Connection, workspace_id: int, release_id: int, new: NewRelease) -> None:
    sent = new.files
    if new.difference is not None and len(gone := new.difference.gone) <= EXCEPTED:
        copied = _copy_files(connection, new.difference.base_id, release_id, but=gone)
        # Releases are never removed, nor are their files.
        assert copied == len(new.files) - len(new.difference.changed), "the base has other files than it had"
        sent = new.difference.changed
    insert_rows(connection, release_files, [(workspace_id, release_id, *file) for file in sent])


def _copy_files(connection: sa.Connection, base_id: int, release_id: int, *, but: Collection[str]) -> int:
    """Give a release the files of another one; return how many."""
    columns = release_files.c
    query = sa.select(
        columns.workspace_id,
        sa.literal(release_id, sa.Integer),
        columns.path,
        columns.mode,
        columns.size_bytes,
        columns.digest,
    ).where(columns.release_id == base_id, columns.path.not_in(but))
    result: sa.CursorResult[Any] = connection.execute(
        sa.insert(release_files).from_select(release_files.c.keys(), query)
    )
    return result.rowcount


def find_release(connection: sa.Connection, workspace_id: int, *, release_id: int) -> Release | None:
    """Return a release by its id, also a draft that was replaced."""
    return _find_one(connection, workspace_id, releases.c.id == release_id)


def find_published(connection: sa.Connection, workspace_id: int, code: str, version: str) -> Release | None:
    """Return the release of this version that is no draft."""
    return _find_one(
        connection,
        workspace_id,
        plugins.c.code == code,
        releases.c.version == version,
        releases.c.is_draft == sa.false(),
    )


def find_draft(
    connection: sa.Connection, workspace_id: int, code: str, version: str | None, *, created_by: int
) -> Release | None:
    """Return somebody's draft of this version, or the one they sent last."""
    of_version = [] if version is None else [releases.c.version == version]
    return _find_one(
        connection,
        workspace_id,
        plugins.c.code == code,
        releases.c.is_draft == sa.true(),
        releases.c.replaced_at.is_(None),
        releases.c.created_by == created_by,
        *of_version,
    )


def find_base(
    connection: sa.Connection, workspace_id: int, code: str, digest: str, *, visible_to: int | None
) -> Release | None:
    """Return a release of a plugin by its digest, if this account may see it."""
    conditions = plugins.c.code == code, releases.c.digest == digest, _is_visible(visible_to)
    return _find_one(connection, workspace_id, *conditions)


def list_versions(connection: sa.Connection, workspace_id: int, code: str) -> list[str]:
    """Return the versions of a plugin's releases that are no drafts, in no order."""
    query = (
        sa.select(releases.c.version)
        .join(plugins)
        .where(
            releases.c.workspace_id == workspace_id, plugins.c.code == code, releases.c.is_draft == sa.false()
        )
    )
    return list(connection.execute(query).scalars())


def list_releases(
    connection: sa.Connection,
    workspace_id: int,
    *,
    code: str | None,
    before: int | None,
    limit: int,
    visible_to: int | None,
) -> list[Release]:
    """Return releases that this account may see, newest first."""
    query = _select().where(
        releases.c.workspace_id == workspace_id, releases.c.replaced_at.is_(None), _is_visible(visible_to)
    )
    if code is not None:
        query = query.where(plugins.c.code == code)
    if before is not None:
        query = query.where(releases.c.id < before)
    return [Release(*row) for row in connection.execute(query.order_by(releases.c.id.desc()).limit(limit))]


def count_releases(
    connection: sa.Connection, workspace_id: int, *, code: str | None, visible_to: int | None
) -> int:
    """Return how many releases this account may see."""
    query = (
        sa.select(sa.func.count())
        .select_from(releases.join(plugins))
        .where(
            releases.c.workspace_id == workspace_id, releases.c.replaced_at.is_(None), _is_visible(visible_to)
        )
    )
    if code is not None:
        query = query.where(plugins.c.code == code)
    return int(connection.execute(query).scalar_one())


def list_files(connection: sa.Connection, release_id: int, *, after: str, limit: int) -> list[ManifestFile]:
    """Return files of a release in the order of their paths."""
    query = (
        sa.select(*_FILE_COLUMNS)
        .where(release_files.c.release_id == release_id, release_files.c.path > after)
        .order_by(release_files.c.path)
        .limit(limit)
    )
    return list(map(ManifestFile._make, connection.execute(query).all()))


def find_file(connection: sa.Connection, release_id: int, path: str) -> ManifestFile | None:
    """Return a file of a release."""
    query = sa.select(*_FILE_COLUMNS).where(
        release_files.c.release_id == release_id, release_files.c.path == path
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else ManifestFile(*row)


def _select() -> sa.Select[Any]:
    return sa.select(*_RELEASE_COLUMNS).join(plugins, releases.c.plugin_id == plugins.c.id)


def _find_one(
    connection: sa.Connection, workspace_id: int, *conditions: sa.ColumnElement[bool]
) -> Release | None:
    query = _select().where(releases.c.workspace_id == workspace_id, *conditions)
    rows: Sequence[Any] = connection.execute(query.order_by(releases.c.id.desc()).limit(1)).all()
    return Release(*rows[0]) if rows else None


def _is_visible(account_id: int | None) -> sa.ColumnElement[bool]:
    """Published, or one's own draft."""
    if account_id is None:
        return releases.c.is_draft == sa.false()
    return sa.or_(releases.c.is_draft == sa.false(), releases.c.created_by == account_id)
