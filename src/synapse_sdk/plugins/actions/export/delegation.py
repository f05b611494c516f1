"""An export that the server carries out: whether, how it is asked for, and how it is waited for.

```text
decide ──▶ enqueue ──▶ follow: stream, else ask now and then ──▶ bundle in the storage
                          └─ nothing for too long, or ended badly ──▶ cancel, DelegatedExportError
```

Source: interface sheet `actions.md` §6.3, "Delegated mode"; `platform.md`, Appendix B. The steps of
`DefaultExportAction` do not come here: there, as the sheet says, the job always exports by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from synapse_sdk.clients.errors import (
    ClientConnectionError,
    ClientError,
    ClientTimeoutError,
    NotFoundError,
    ServerError,
)
from synapse_sdk.plugins.actions.export.filters import build_query
from synapse_sdk.plugins.errors import ExecutionError

#: Items from which on an export is left to the server, where that is asked for.
DEFAULT_ASYNC_JOB_SIZE_THRESHOLD: Final = 10_000
DEFAULT_EXPORT_FORMAT: Final = "raw_bundle_v1"
#: Seconds between two questions, what a wait grows by, and the longest one.
DEFAULT_POLL_INTERVAL: Final = 2.0
DEFAULT_POLL_BACKOFF: Final = 1.5
DEFAULT_POLL_MAX_INTERVAL: Final = 30.0
#: Questions in a row that the server may leave without an answer.
DEFAULT_POLL_MAX_ATTEMPTS: Final = 10
#: Is a job given up when nothing moves, rather than after a fixed time only?
DEFAULT_ACTIVITY_BASED: Final = True
#: Seconds in which nothing moves, and seconds in all, after which it is given up.
DEFAULT_INACTIVITY_DEADLINE: Final = 30 * 60.0
DEFAULT_WALL_CLOCK_CEILING: Final = 24 * 3600.0

_TARGETS: Final = {"assignment": "assignments", "ground_truth": "ground_truths", "task": "tasks"}
_GOOD: Final = frozenset({"completed", "succeeded", "success"})
_BAD: Final = frozenset({"failed", "cancelled", "canceled", "stopped", "error"})
#: What goes away by itself, when a server is asked again later.
_AWAY: Final = (ClientConnectionError, ClientTimeoutError, ServerError)
#: Where a job says how many records it wrote.
_TOTALS: Final = ("record_total", "total_records", "total_count", "record_count")

OnProgress = Callable[[int, int], None]


class DelegatedExportError(ExecutionError):
    """The server did not carry out the export. Nothing of it is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPatienceConfig:
    """How a job of the server's is waited for. Times are seconds."""

    interval: float = DEFAULT_POLL_INTERVAL
    backoff: float = DEFAULT_POLL_BACKOFF
    max_interval: float = DEFAULT_POLL_MAX_INTERVAL
    max_attempts: int = DEFAULT_POLL_MAX_ATTEMPTS
    activity_based: bool = DEFAULT_ACTIVITY_BASED
    inactivity_deadline: float = DEFAULT_INACTIVITY_DEADLINE
    wall_clock_ceiling: float = DEFAULT_WALL_CLOCK_CEILING


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationConfig:
    """Whether an export may be left to the server, and how."""

    is_enabled: bool = False
    threshold: int = DEFAULT_ASYNC_JOB_SIZE_THRESHOLD
    export_format: str = DEFAULT_EXPORT_FORMAT
    patience: PollPatienceConfig = field(default_factory=PollPatienceConfig)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> DelegationConfig:
        """Read an export's params: `disable_async_delegate` must be false, and not only not given.

        Raises:
            ExecutionError: `async_job_size_threshold` is no whole number, or less than 1.
        """
        threshold = params.get("async_job_size_threshold")
        if threshold is not None and (type(threshold) is not int or threshold < 1):
            raise ExecutionError(
                f"async_job_size_threshold is a number of items, 1 or more, not {threshold!r}.",
                {"async_job_size_threshold": threshold},
            )
        return cls(
            is_enabled=params.get("disable_async_delegate") is False,
            threshold=DEFAULT_ASYNC_JOB_SIZE_THRESHOLD if threshold is None else threshold,
        )


@dataclass(frozen=True, slots=True)
class DelegationDecision:
    """Whether an export is left to the server, and why."""

    should_delegate: bool
    reason: str
    #: How many items there are; None where nobody asked.
    count: int | None = None


@dataclass(frozen=True, slots=True)
class DelegatedExportResult:
    """What the server has written."""

    job_id: str
    #: Folder in the storage.
    path: str
    targets: tuple[str, ...]
    #: How many records it says there are; None where it does not.
    record_total: int | None = None
    #: The job as the server tells it.
    job: Mapping[str, Any] = field(default_factory=dict)


def map_target_to_backend_targets(target: str) -> list[str]:
    """Return what the server calls a target.

    Raises:
        ExecutionError: It exports none of that name.
    """
    if target not in _TARGETS:
        raise ExecutionError(
            f"The server exports no {target!r} by itself. It does {', '.join(sorted(_TARGETS))}.",
            {"target": target, "available": sorted(_TARGETS)},
        )
    return [_TARGETS[target]]


def probe_export_count(client: Any, handler: Any, filters: Mapping[str, Any]) -> int:
    """Return how many items an export would have.

    Args:
        client: The server's.
        handler: The target's `ExportTargetHandler`.
        filters: The export's.

    Raises:
        ExecutionError: The filter names no scope.
        ClientError: The server does not say.
    """
    query = {**build_query(handler.target, handler.validate_filter(filters)), "page_size": 1}
    return int(getattr(client, handler.list_method)(query)["count"])


def should_delegate_export(count: int, config: DelegationConfig) -> bool:
    """Are there so many items that the server shall do it, and may it?"""
    return config.is_enabled and count >= config.threshold


def resolve_delegation_decision(
    client: Any, handler: Any, filters: Mapping[str, Any], config: DelegationConfig
) -> DelegationDecision:
    """Decide; the server is asked for the count only where that matters."""
    if not config.is_enabled:
        return DelegationDecision(False, "the params do not ask for it")
    if handler.target not in _TARGETS:
        return DelegationDecision(False, f"the server exports no {handler.target!r} by itself")
    return decide_by_count(probe_export_count(client, handler, filters), config)


def decide_by_count(count: int, config: DelegationConfig) -> DelegationDecision:
    """Decide where the count is known."""
    if not config.is_enabled:
        return DelegationDecision(False, "the params do not ask for it", count)
    if should_delegate_export(count, config):
        return DelegationDecision(True, f"{count} items are {config.threshold} or more", count)
    return DelegationDecision(False, f"{count} items are fewer than {config.threshold}", count)


def enqueue_export(
    client: Any,
    *,
    target: str,
    storage_id: int,
    path: str,
    filters: Mapping[str, Any],
    project_id: int | None = None,
    include_original_files: bool = False,
    export_format: str = DEFAULT_EXPORT_FORMAT,
) -> str:
    """Ask the server to export into a folder of a storage; return its job's id.

    Raises:
        DelegatedExportError: The server does not do that, or names no job.
        ClientError: It refuses, or is away.
    """
    try:
        answer = client.create_server_export(
            storage=storage_id,
            path=path,
            targets=map_target_to_backend_targets(target),
            filters=build_query(target, filters),
            project=project_id,
            include_original_files=include_original_files,
            format=export_format,
        )
    except NotFoundError as error:
        raise DelegatedExportError(
            "This server carries out no exports by itself.",
            {"status_code": error.status_code},
            hint="Leave out disable_async_delegate: the job then exports by itself.",
        ) from error
    job_id = str(answer.get("job_id") or "")
    if not job_id:
        raise DelegatedExportError("The server took the export and named no job.", {"answer": dict(answer)})
    return job_id


def is_success_status(status: str | None) -> bool:
    """Has a job ended well?"""
    return str(status).lower() in _GOOD


def is_failed_status(status: str | None) -> bool:
    """Has a job ended otherwise?"""
    return str(status).lower() in _BAD


def manifest_record_total(job: Mapping[str, Any]) -> int | None:
    """Return how many records a job says it wrote; None where it does not say."""
    data = job.get("data")
    manifest = data.get("manifest") if isinstance(data, Mapping) else None
    places = (place for place in (manifest, data, job.get("progress")) if isinstance(place, Mapping))
    found = (place.get(key) for place in places for key in _TOTALS)
    return next((value for value in found if type(value) is int), None)


def stream_export_progress(
    client: Any,
    job_id: str,
    patience: PollPatienceConfig | None = None,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[int, int]]:
    """Yield how many records are done, and of how many, until the job has ended.

    The server's stream is read as long as it goes; where it breaks off, the job is asked for.

    Args:
        client: The server's.
        job_id: The job's.
        patience: How long it is waited for.
        now: Tells seconds that only grow.
        sleep: Waits.

    Raises:
        DelegatedExportError: Nothing moved for too long, or it took too long in all.
        ClientError: The server refuses, or is away for longer than it is waited for.
    """
    waiting = patience or PollPatienceConfig()
    began = moved_at = now()
    last: tuple[int, int] | None = None
    misses, wait_s = 0, waiting.interval
    while True:
        try:
            for told in _iter_told(client, job_id, waiting):
                misses = 0
                if (found := _read_progress(told)) is not None and found != last:
                    last, moved_at, wait_s = found, now(), waiting.interval
                    yield found
                if _has_ended(told):
                    return
                _check_patience(job_id, waiting, now() - moved_at, now() - began)
        except _AWAY:
            misses += 1
            if misses >= waiting.max_attempts:
                raise
        _check_patience(job_id, waiting, now() - moved_at, now() - began)
        sleep(wait_s)
        wait_s = min(wait_s * waiting.backoff, waiting.max_interval)


def finalize_export(client: Any, job_id: str, *, path: str, target: str) -> DelegatedExportResult:
    """Return what a job that has ended wrote.

    Raises:
        DelegatedExportError: It did not end well, or has not ended.
    """
    job = client.get_async_job(job_id)
    status = job.get("status")
    if not is_success_status(status):
        said = _read_words(job)
        raise DelegatedExportError(
            f"The server's export {job_id} ended as {status}" + (f": {said}" if said else "."),
            {"job_id": job_id, "status": status, "data": job.get("data")},
            hint="Leave out disable_async_delegate: the job then exports by itself.",
        )
    targets = tuple(map_target_to_backend_targets(target))
    return DelegatedExportResult(job_id, path, targets, manifest_record_total(job), job)


def run_delegated_export(
    client: Any,
    *,
    target: str,
    storage_id: int,
    path: str,
    filters: Mapping[str, Any],
    project_id: int | None = None,
    include_original_files: bool = False,
    config: DelegationConfig | None = None,
    on_progress: OnProgress | None = None,
) -> DelegatedExportResult:
    """Have the server export, and wait for it; what is given up is cancelled there, too.

    Raises:
        DelegatedExportError: As `enqueue_export`, `stream_export_progress` and `finalize_export`.
        ClientError: The server refuses, or is away for too long.
    """
    chosen = config or DelegationConfig()
    job_id = enqueue_export(
        client,
        target=target,
        storage_id=storage_id,
        path=path,
        filters=filters,
        project_id=project_id,
        include_original_files=include_original_files,
        export_format=chosen.export_format,
    )
    follow_export(client, job_id, chosen.patience, on_progress)
    return finalize_export(client, job_id, path=path, target=target)


def follow_export(
    client: Any, job_id: str, patience: PollPatienceConfig, on_progress: OnProgress | None = None
) -> None:
    """Wait until a job has ended; whatever ends the waiting before ends the job, too.

    Raises:
        DelegatedExportError, ClientError: As `stream_export_progress`.
    """
    try:
        for done, total in stream_export_progress(client, job_id, patience):
            if on_progress is not None:
                on_progress(done, total)
    except BaseException:
        # The first error is what counts; a job that can not be cancelled ends by itself.
        with suppress(ClientError):
            client.cancel_async_job(job_id)
        raise


def _iter_told(client: Any, job_id: str, patience: PollPatienceConfig) -> Iterator[Mapping[str, Any]]:
    try:
        yield from client.stream_async_job(job_id, timeout_s=patience.max_interval)
    except (NotFoundError, *_AWAY):
        pass  # no stream, or not now: the job itself says as much
    yield client.get_async_job(job_id)


def _read_progress(told: Mapping[str, Any]) -> tuple[int, int] | None:
    place = told.get("progress") if isinstance(told.get("progress"), Mapping) else told
    done, total = place.get("processed_count"), place.get("total_count")  # type: ignore[union-attr]
    return (done, total) if type(done) is int and type(total) is int else None


def _has_ended(told: Mapping[str, Any]) -> bool:
    return is_success_status(told.get("status")) or is_failed_status(told.get("status"))


def _check_patience(job_id: str, patience: PollPatienceConfig, still_s: float, elapsed_s: float) -> None:
    if patience.activity_based and still_s >= patience.inactivity_deadline:
        raise DelegatedExportError(
            f"Nothing has moved in the server's export {job_id} for {still_s:.0f} s; it is given up.",
            {"job_id": job_id, "still_s": still_s},
        )
    if elapsed_s >= patience.wall_clock_ceiling:
        raise DelegatedExportError(
            f"The server's export {job_id} has not ended after {elapsed_s:.0f} s; it is given up.",
            {"job_id": job_id, "elapsed_s": elapsed_s},
        )


def _read_words(job: Mapping[str, Any]) -> str:
    data = job.get("data")
    for key in ("error", "detail", "message") if isinstance(data, Mapping) else ():
        if isinstance(data.get(key), str):  # type: ignore[union-attr]
            return str(data[key])  # type: ignore[index]
    return ""
