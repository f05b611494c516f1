"""Rules of releases: one version is one content, a draft is its author's, all contents are there before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.manifest import ManifestFile
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import ConflictError, ForbiddenError, NotFoundError, Principal
from synapse_sdk.server.http.once import UNREPEATED, Once
from synapse_sdk.server.registry import release_store as store
from synapse_sdk.server.registry.content_service import ContentService
from synapse_sdk.server.registry.models import NewRelease, Plugin, Published, Release, WrittenFiles
from synapse_sdk.server.registry.recent_files import RecentFiles
from synapse_sdk.server.registry.release_lookup import Lookup, parse_lookup
from synapse_sdk.server.registry.versions import version_key

#: From a job's id to the digest of the release that its envelope names; None for a job that is not known.
ReleaseOfJob = Callable[[str], str | None]
#: From an agent's and a release's id to whether the agent was given a job of that release.
IsGiven = Callable[[int, int], bool]
#: Files that are read from the database at once.
_PAGE = 1000


def no_release(job_id: str) -> str | None:
    """Name no release: a job that is not known reads nothing."""
    return None


def nothing_given(agent_id: int, release_id: int) -> bool:
    """Know of no jobs: an agent reads nothing."""
    return False


class ReleaseService:
    """The plugins and releases of all workspaces."""

    def __init__(
        self,
        database: Database,
        contents: ContentService,
        *,
        release_of_job: ReleaseOfJob = no_release,
        is_given: IsGiven = nothing_given,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._contents = contents
        self._release_of_job = release_of_job
        self._is_given = is_given
        self._now = now
        self._recent = RecentFiles()

    def publish(self, principal: Principal, new: NewRelease, *, once: Once = UNREPEATED) -> Published:
        """Make a release, or return the very same one that is here.

        Raises:
            ConflictError: The version is here with other contents; or contents are missing.
            ForbiddenError: Drafts need `jobs:write`, everything else `releases:write`.
        """
        self.require_publish(principal, is_draft=new.is_draft)
        workspace_id = principal.workspace_id
        with self._database.write() as connection:
            # A draft that came between would make the first answer a wrong one, so drafts are never recalled.
            if not new.is_draft and (known_id := once.recall(connection)) is not None:
                return Published(self._get(connection, workspace_id, int(known_id)), is_new=False)
            found = self._find_same(connection, principal, new)
            if found is not None:
                return Published(found, is_new=False)
            self._contents.require_contents(connection, workspace_id, new.sent_files)
            if new.lock_digest is not None:
                self._contents.require_blobs(connection, workspace_id, [new.lock_digest])
            now = self._now()
            plugin = store.ensure_plugin(
                connection, workspace_id, new, created_by=principal.account_id, now=now
            )
            release = store.add_release(connection, plugin, new, created_by=principal.account_id, now=now)
            if not new.is_draft:
                once.remember(connection, release.id)
        self._recent.keep(release.id, new.content)
        return Published(release, is_new=True)

    def require_publish(self, principal: Principal, *, is_draft: bool) -> None:
        """Let those pass who may publish."""
        principal.require("jobs:write" if is_draft else "releases:write")
        if is_draft and principal.account_id is None:
            raise ForbiddenError("A draft is its author's alone, and this token belongs to no account.")

    def get_release(self, reader: Principal | int, lookup: str | int) -> Release:
        """Return a release.

        Args:
            reader: Who asks; or the id of a workspace, for the server's own use.
            lookup: Its id, or `code@version`: the published one, else the reader's own draft.

        Raises:
            NotFoundError: There is none, or it is somebody else's draft.
            ForbiddenError: This token reads no releases, or not this one.
        """
        wanted = parse_lookup(lookup)
        if isinstance(reader, int):
            with self._database.read() as connection:
                release = self._find(connection, reader, wanted, account_id=None)
            return _require(release, lookup)
        _require_read(reader)
        with self._database.read() as connection:
            release = self._find(connection, reader.workspace_id, wanted, account_id=reader.account_id)
        release = _require(release, lookup)
        self._check_reader(reader, release, lookup)
        return release

    def get_release_for_run(
        self, principal: Principal, code: str, version: str | None = None, debug: bool = False
    ) -> Release:
        """Return the release that somebody wants to run.

        Args:
            principal: Who asks.
            code: Code or id of the plugin.
            version: Which one; the latest by the order of semantic versions unless given.
            debug: Rather the asker's own draft, where there is one.

        Raises:
            NotFoundError: There is no such plugin, version or draft.
        """
        principal.require("releases:read")
        workspace_id = principal.workspace_id
        with self._database.read() as connection:
            code = _find_code(connection, workspace_id, code)
            if debug and principal.account_id is not None:
                draft = store.find_draft(
                    connection, workspace_id, code, version, created_by=principal.account_id
                )
                if draft is not None:
                    return draft
            versions = store.list_versions(connection, workspace_id, code)
            if not versions or (version is not None and version not in versions):
                raise _no_such_version(code, version, versions)
            chosen = version or max(versions, key=version_key)
            release = store.find_published(connection, workspace_id, code, chosen)
        return _require(release, f"{code}@{chosen}")

    def list_releases(
        self, principal: Principal, *, code: str | None = None, before: int | None = None, limit: int
    ) -> tuple[list[Release], int]:
        """Return releases, newest first, and how many there are in all: published ones and own drafts."""
        principal.require("releases:read")
        visible_to = principal.account_id
        with self._database.read() as connection:
            found = store.list_releases(
                connection,
                principal.workspace_id,
                code=code,
                before=before,
                limit=limit,
                visible_to=visible_to,
            )
            count = store.count_releases(connection, principal.workspace_id, code=code, visible_to=visible_to)
        return found, count

    def list_plugins(self, principal: Principal, *, after: int = 0, limit: int) -> list[Plugin]:
        """Return plugins that have a release the asker may see, oldest first."""
        principal.require("releases:read")
        with self._database.read() as connection:
            return store.list_plugins(
                connection,
                principal.workspace_id,
                after=after,
                limit=limit,
                visible_to=principal.account_id,
            )

    def get_plugin(self, principal: Principal, lookup: str) -> Plugin:
        """Return a plugin by its code or id."""
        principal.require("releases:read")
        with self._database.read() as connection:
            plugin = _find_plugin(connection, principal.workspace_id, lookup)
        if plugin is None:
            raise NotFoundError(f"There is no plugin {lookup!r}.", {"plugin": lookup})
        return plugin

    def get_plugin_of(self, release: Release) -> Plugin:
        """Return the plugin of a release."""
        with self._database.read() as connection:
            plugin = store.find_plugin(connection, release.workspace_id, plugin_id=release.plugin_id)
        assert plugin is not None, "a release without a plugin"
        return plugin

    def find_latest(self, plugin: Plugin) -> Release | None:
        """Return a plugin's latest release by the order of semantic versions; drafts do not count."""
        with self._database.read() as connection:
            versions = store.list_versions(connection, plugin.workspace_id, plugin.code)
            if not versions:
                return None
            latest = max(versions, key=version_key)
            return store.find_published(connection, plugin.workspace_id, plugin.code, latest)

    def list_files(self, release: Release, *, after: str = "", limit: int = _PAGE) -> list[ManifestFile]:
        """Return files of a release in the order of their paths."""
        with self._database.read() as connection:
            return store.list_files(connection, release.id, after=after, limit=limit)

    def iter_files(self, release: Release) -> Iterator[ManifestFile]:
        """Yield all files of a release in the order of their paths."""
        after = ""
        while page := self.list_files(release, after=after):
            yield from page
            after = page[-1].path

    def find_base(self, principal: Principal, code: str, digest: str) -> Release:
        """Return the release that another one of its plugin is like.

        Raises:
            ConflictError: There is none with this digest that the asker may see; `details["missing_base"]`.
        """
        with self._database.read() as connection:
            base = store.find_base(
                connection, principal.workspace_id, code, digest, visible_to=principal.account_id
            )
        if base is None:
            raise ConflictError(
                f"There is no release of {code} with the digest {digest} here.",
                {"missing_base": digest},
                hint="Send the whole manifest instead of a difference.",
            )
        return base

    def load_files(self, release: Release) -> WrittenFiles:
        """Return all files of a release."""
        found = self._recent.find(release.id)
        if found is None:
            with self._database.read() as connection:
                files = store.list_files(connection, release.id, after="", limit=release.file_count)
            found = WrittenFiles.of(files)
            self._recent.keep(release.id, found)
        return found

    def get_file(self, release: Release, path: str) -> ManifestFile:
        """Return a file of a release.

        Raises:
            NotFoundError: It has no such file.
        """
        with self._database.read() as connection:
            file = store.find_file(connection, release.id, path)
        if file is None:
            raise NotFoundError(
                f"{release.plugin_code} {release.version} has no file {path!r}.", {"path": path}
            )
        return file

    def _find_same(self, connection: sa.Connection, principal: Principal, new: NewRelease) -> Release | None:
        """Return the release that `new` is already; refuse a version that is taken by other contents."""
        if new.is_draft:
            assert principal.account_id is not None
            draft = store.find_draft(
                connection, principal.workspace_id, new.code, new.version, created_by=principal.account_id
            )
            return draft if draft is not None and draft.digest == new.digest else None
        found = store.find_published(connection, principal.workspace_id, new.code, new.version)
        if found is None or found.digest == new.digest:
            return found
        raise ConflictError(
            f"{new.code} {new.version} already exists with the digest {found.digest}; "
            f"this one has {new.digest}.",
            {
                "plugin": new.code,
                "version": new.version,
                "release": found.id,
                "existing_digest": found.digest,
                "digest": new.digest,
            },
            hint="A published version never changes. Raise `version` in config.yaml, then publish again.",
        )

    def _get(self, connection: sa.Connection, workspace_id: int, release_id: int) -> Release:
        return _require(store.find_release(connection, workspace_id, release_id=release_id), release_id)

    def _find(
        self, connection: sa.Connection, workspace_id: int, wanted: Lookup, *, account_id: int | None
    ) -> Release | None:
        if wanted.release_id is not None:
            return store.find_release(connection, workspace_id, release_id=wanted.release_id)
        found = store.find_published(connection, workspace_id, wanted.code, wanted.version)
        if found is None and account_id is not None:
            found = store.find_draft(
                connection, workspace_id, wanted.code, wanted.version, created_by=account_id
            )
        return found

    def _check_reader(self, reader: Principal, release: Release, lookup: str | int) -> None:
        if reader.kind == "agent":  # brings releases to where they run, drafts too
            if reader.agent_id is None or not self._is_given(reader.agent_id, release.id):
                raise ForbiddenError(
                    f"This agent may not read the release {lookup}: it was given no job of it.",
                    {"release": release.id, "agent": reader.agent_id},
                )
            return
        if reader.kind == "job":
            if reader.job_id is None or self._release_of_job(reader.job_id) != release.digest:
                raise ForbiddenError(
                    f"This job may not read the release {lookup}: its envelope does not name it.",
                    {"release": release.id, "job": reader.job_id},
                )
            return
        if release.is_draft and (reader.account_id is None or reader.account_id != release.created_by):
            raise _not_found(lookup)


def _require_read(reader: Principal) -> None:
    if reader.kind == "agent":
        reader.require("agents:work")
    elif reader.kind != "job":
        reader.require("releases:read")


def _require(release: Release | None, lookup: str | int) -> Release:
    if release is None:
        raise _not_found(lookup)
    return release


def _not_found(lookup: str | int) -> NotFoundError:
    return NotFoundError(
        f"There is no release {lookup}.",
        {"release": str(lookup)},
        hint="`synapse release list` shows those that there are.",
    )


def _find_plugin(connection: sa.Connection, workspace_id: int, lookup: str) -> Plugin | None:
    found = store.find_plugin(connection, workspace_id, code=lookup)
    # A code may be all digits; only where none is, the number is an id.
    if found is None and lookup.isascii() and lookup.isdigit() and len(lookup) < 19:
        found = store.find_plugin(connection, workspace_id, plugin_id=int(lookup))
    return found


def _find_code(connection: sa.Connection, workspace_id: int, lookup: str) -> str:
    plugin = _find_plugin(connection, workspace_id, lookup)
    if plugin is None:
        raise NotFoundError(
            f"There is no plugin {lookup!r} on this server.",
            {"plugin": lookup},
            hint="Publish it first: synapse plugin publish",
        )
    return plugin.code


def _no_such_version(code: str, version: str | None, versions: list[str]) -> NotFoundError:
    known = ", ".join(sorted(versions, key=version_key, reverse=True)[:10])
    what = f"no version {version}" if version else "no release"
    return NotFoundError(
        f"The plugin {code} has {what}." + (f" It has {known}." if known else ""),
        {"plugin": code, "version": version},
        hint="Publish it: synapse plugin publish" + ("" if versions else "; a draft runs with --debug."),
    )
