"""ReleasePlan → a release on a server: the contents that it lacks, then the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.errors import (
    ClientConnectionError,
    ClientTimeoutError,
    HTTPError,
    NotFoundError,
    ServerError,
)
from synapse_sdk.clients.upload import Content, Upload, upload_contents
from synapse_sdk.manifest import canonical_json, join_written
from synapse_sdk.packaging.release_digest import config_document, written_release_digest
from synapse_sdk.packaging.sent_release import Difference, SentRelease, SentReleases
from synapse_sdk.plugins.errors import PluginUploadError, UploadNotReachedError
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, PackedContent, iter_pack

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport
    from synapse_sdk.packaging.contents import PlannedFile
    from synapse_sdk.packaging.lock import Lock
    from synapse_sdk.packaging.plan import ReleasePlan

#: Called with the bytes that are done and the bytes that there are.
OnProgress = Callable[[int, int], None]
#: Checking and recording 100,000 files takes the server a while.
_RECORD_TIMEOUT_S = 120.0
#: What is different from the last release is sent without asking whether the server has it, up to so many
#: bytes: to ask takes longer.
_UNASKED_BYTES = 1024**2


class VersionTakenError(PluginUploadError):
    """The version is published with other contents. `details`: plugin, version, existing_digest."""


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release as it is on the server."""

    id: int
    code: str
    version: str
    digest: str
    is_draft: bool
    #: False when the very same release was there already.
    is_new: bool
    #: Where it can be read.
    address: str
    #: What the server would rather have otherwise.
    warnings: tuple[str, ...] = ()
    sent_count: int = 0
    sent_bytes: int = 0

    def to_document(self) -> dict[str, Any]:
        """Return the plain value for `--json`."""
        return asdict(self)


@contextmanager
def _explained_when_away() -> Iterator[None]:
    """Say of a server that is away what it means to whoever publishes.

    Raises:
        UploadNotReachedError: The server can not be reached, or fails.
    """
    try:
        yield
    except (ClientConnectionError, ClientTimeoutError, ServerError) as error:
        raise UploadNotReachedError(error.message, error.details, hint=error.hint) from error


@_explained_when_away()
def find_same_release(
    plan: ReleasePlan, transport: Transport, *, is_draft: bool = False
) -> PublishedRelease | None:
    """Return the release on the server that holds exactly what is planned, if it is there already.

    Its lock was made when it was published, so no lock needs to be made to know.

    Raises:
        VersionTakenError: The version is there with other contents.
        UploadNotReachedError: The server can not be reached, or fails.
        ClientError: It refuses.
    """
    try:
        found: dict[str, Any] = transport.get(f"plugin_releases/{quote(plan.code)}@{quote(plan.version)}/")
    except NotFoundError:
        return None
    if found["is_draft"] != is_draft:
        return None
    digest = written_release_digest(
        plan.written_files,
        config_document(plan.config),
        lock_digest=found["lock_digest"],
        schemas=found["schemas"],
    )
    if digest == found["digest"]:
        return _describe(found, transport, is_new=False)
    if is_draft:
        return None
    raise VersionTakenError(
        f"{plan.code} {plan.version} already exists on {transport.url} with other contents; "
        f"its digest is {found['digest']}.",
        {"plugin": plan.code, "version": plan.version, "existing_digest": found["digest"]},
        hint="A published version never changes. Raise `version` in config.yaml, then publish again.",
    )


@_explained_when_away()
def publish(
    plan: ReleasePlan,
    transport: Transport,
    *,
    is_draft: bool = False,
    lock: Lock | None,
    schemas: Mapping[str, Any] | None,
    on_progress: OnProgress | None = None,
    cache_folder: Path | None = None,
) -> PublishedRelease:
    """Send what is planned. Run again after any interruption, it sends only what is still lacking.

    Args:
        plan: What the release holds.
        transport: The server.
        is_draft: For its author alone.
        lock: Of what the plugin needs installed.
        schemas: `{action: {"params": JSON Schema | None, "result": JSON Schema | None}}`.
        on_progress: Told as bytes are sent.
        cache_folder: Where it is noted what the plugin's last release there held; of this one only the
            difference is then told. None tells all, and notes nothing.

    Raises:
        SecretFoundError: The plan has findings that nobody allowed. Nothing was sent.
        StorageError: A file changed since it was planned.
        UploadNotReachedError: The server can not be reached, or fails.
        ClientError: It refuses, such as a version that is taken (409).
    """
    plan.require_no_secrets()
    notes = None if cache_folder is None else SentReleases(cache_folder, transport.url, plan.code)
    before = None if notes is None else notes.load()
    identity = _describe_identity(plan, is_draft=is_draft, lock=lock, schemas=schemas)
    if lock is not None:
        _send_lock(transport, lock)
    if before is None:
        sent, answer = _send_whole(plan, transport, identity, on_progress)
    else:
        difference = before.compare([planned.file for planned in plan.files], plan.written_files)
        try:
            sent = _send_changed(plan, transport, on_progress, difference, before)
            answer = _record(transport, _with_difference(identity, difference))
        except HTTPError as error:
            if not _is_base_unknown(error):
                raise
            # The server lost what it had, by a restored backup for instance; or it is another one.
            sent, answer = _send_whole(plan, transport, identity, on_progress)
    if notes is not None:
        notes.save(answer["digest"], plan.written_files)
    return _describe(answer, transport, sent_count=sent.sent_count, sent_bytes=sent.sent_bytes)


def _send_whole(
    plan: ReleasePlan, transport: Transport, identity: bytes, on_progress: OnProgress | None
) -> tuple[Upload, dict[str, Any]]:
    contents = [_content_of(planned) for planned in plan.files]
    sent = upload_contents(transport, contents, on_progress=on_progress)
    manifest = join_written(plan.written_files).encode()
    return sent, _record(transport, identity[:-1] + b',"manifest":' + manifest + b"}")


def _send_changed(
    plan: ReleasePlan,
    transport: Transport,
    on_progress: OnProgress | None,
    difference: Difference,
    before: SentRelease,
) -> Upload:
    changed, known = {file.path for file in difference.changed}, before.list_digests()
    contents = [
        _content_of(planned)
        for planned in plan.files
        if planned.file.path in changed and planned.file.digest not in known
    ]
    is_little = sum(content.size_bytes for content in contents) <= _UNASKED_BYTES
    return upload_contents(transport, contents, are_new=is_little, on_progress=on_progress)


def _content_of(planned: PlannedFile) -> Content:
    return Content(planned.file.digest, planned.file.size_bytes, planned.address)


def _with_difference(identity: bytes, difference: Difference) -> bytes:
    told = {
        "base": difference.base,
        "changed": [file.to_document() for file in difference.changed],
        "removed": difference.removed,
    }
    return identity[:-1] + b',"difference":' + canonical_json(told) + b"}"


def _record(transport: Transport, request: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = transport.post(
        "plugin_releases/",
        content=request,
        headers={"Content-Type": "application/json"},
        # Of this call alone: what is sent again because an answer was lost is the same request.
        idempotency_key=uuid7(),
        timeout_s=_RECORD_TIMEOUT_S,
    )
    return answer


def _is_base_unknown(error: HTTPError) -> bool:
    return error.status_code == 409 and not {"missing_base", "missing_count"}.isdisjoint(
        error.details.get("problem", {})
    )


def _describe_identity(
    plan: ReleasePlan, *, is_draft: bool, lock: Lock | None, schemas: Mapping[str, Any] | None
) -> bytes:
    """Return the request without its files, as a JSON object."""
    config = config_document(plan.config)
    lock_digest = None if lock is None else lock.digest
    return canonical_json(
        {
            "plugin": plan.code,
            "version": plan.version,
            "config": config,
            "lock": None if lock is None else {"digest": lock_digest, "size_bytes": len(lock.text.encode())},
            "schemas": schemas,
            "digest": written_release_digest(
                plan.written_files, config, lock_digest=lock_digest, schemas=schemas
            ),
            "is_draft": is_draft,
        }
    )


def _send_lock(transport: Transport, lock: Lock) -> None:
    data = lock.text.encode()
    transport.post(
        "blobs/pack/",
        content=b"".join(iter_pack([PackedContent(lock.digest, len(data), [data])])),
        headers={"Content-Type": PACK_MEDIA_TYPE},
        # What is stored under its digest is stored once, however often it comes.
        idempotency_key=uuid7(),
    )


def _describe(
    answer: Mapping[str, Any],
    transport: Transport,
    *,
    is_new: bool | None = None,
    sent_count: int = 0,
    sent_bytes: int = 0,
) -> PublishedRelease:
    plugin = answer["plugin"]
    return PublishedRelease(
        id=answer["id"],
        code=plugin["code"] if isinstance(plugin, dict) else plugin,
        version=answer["version"],
        digest=answer["digest"],
        is_draft=answer["is_draft"],
        is_new=answer["is_new"] if is_new is None else is_new,
        address=transport.resolve(f"plugin_releases/{answer['id']}/"),
        warnings=tuple(answer.get("warnings", ())),
        sent_count=sent_count,
        sent_bytes=sent_bytes,
    )
