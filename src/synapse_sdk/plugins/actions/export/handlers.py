"""What an export reads from, for each target: where records are listed, and what an item is made of.

```text
filter ──▶ listing, page by page, taken up where it broke off ──▶ record ──▶ item: id, files, data
```

Source: interface sheet `actions.md` §6.1, §6.3.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from synapse_sdk.clients.errors import (
    ClientConnectionError,
    ClientError,
    ClientTimeoutError,
    NotFoundError,
    ServerError,
)
from synapse_sdk.clients.patience import (
    READ_TIMEOUT_S,
    RETRY_AFTER_LIMIT_S,
    RETRY_WAITS_S,
)
from synapse_sdk.plugins.actions.export.filters import (
    ASSIGNMENT_EXPORT_FILTER_KEYS,
    COMMON_EXPORT_FILTER_KEYS,
    GROUND_TRUTH_EXPORT_FILTER_KEYS,
    INTERNAL_EXPORT_FILTER_KEYS,
    PAGINATOR_PASSTHROUGH_KEYS,
    TASK_EXPORT_FILTER_KEYS,
    build_query,
    find_filter_problem,
)
from synapse_sdk.plugins.actions.export.parallel_download import DEFAULT_DOWNLOAD_WORKERS
from synapse_sdk.plugins.errors import ExecutionError

__all__ = [
    "ASSIGNMENT_EXPORT_FILTER_KEYS",
    "COMMON_EXPORT_FILTER_KEYS",
    "EXPORT_MAX_RESUMES",
    "EXPORT_PAYLOAD_MAX_REISSUES",
    "EXPORT_PAYLOAD_PREFETCH",
    "EXPORT_PAYLOAD_RETRIES",
    "EXPORT_PAYLOAD_RETRY_BACKOFF",
    "EXPORT_PAYLOAD_RETRY_CAP_SECONDS",
    "EXPORT_PAYLOAD_TIMEOUT_SECONDS",
    "EXPORT_PAYLOAD_WORKERS",
    "GROUND_TRUTH_EXPORT_FILTER_KEYS",
    "INTERNAL_EXPORT_FILTER_KEYS",
    "PAGINATOR_PASSTHROUGH_KEYS",
    "TASK_EXPORT_FILTER_KEYS",
    "AssignmentExportTargetHandler",
    "ExportTargetHandler",
    "GroundTruthExportTargetHandler",
    "TargetHandlerFactory",
    "TaskExportTargetHandler",
    "find_primary_file",
    "list_files",
]

#: How often a listing that broke off is taken up after the last record that came.
EXPORT_MAX_RESUMES = 5
#: How often an address that has run out is asked for anew.
EXPORT_PAYLOAD_MAX_REISSUES = 3
#: Threads that fetch what the server named by addresses, and items that are fetched ahead at most.
EXPORT_PAYLOAD_WORKERS = DEFAULT_DOWNLOAD_WORKERS
EXPORT_PAYLOAD_PREFETCH = 16
#: Of one file: how often it is asked for again, the first wait before that, the longest one when a server
#: asks for a wait, and how long it may send nothing. The client holds to them.
EXPORT_PAYLOAD_RETRIES = len(RETRY_WAITS_S)
EXPORT_PAYLOAD_RETRY_BACKOFF = RETRY_WAITS_S[0]
EXPORT_PAYLOAD_RETRY_CAP_SECONDS = RETRY_AFTER_LIMIT_S
EXPORT_PAYLOAD_TIMEOUT_SECONDS = READ_TIMEOUT_S
_AWAY = (ClientConnectionError, ClientTimeoutError, ServerError)
#: Why a server may lack what labelling is about.
NO_LABELLING = (
    "A server that `synapse server start` starts has no projects and no labels; log in to one that has."
)
#: What a storage says of an address whose signature has run out.
_RUN_OUT = (400, 401, 403)

Record = dict[str, Any]


class ExportTargetHandler:
    """Lists the records of one target and makes items of them. Derive from it for a target of your own."""

    target: ClassVar[str]
    #: Method of the client that lists them.
    list_method: ClassVar[str]
    #: Records are listed newest first by this key, so that a listing can be taken up after one.
    order_key: ClassVar[str] = "id"
    #: What the server shall put into each record.
    expand: ClassVar[str] = "data"
    page_size: ClassVar[int] = 100
    #: Filters that the server knows besides the usual ones.
    more_filter_keys: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        """Set up; `export_page_size` in `config` changes how many records one request asks for, 1 to 1000."""
        size = int((config or {}).get("export_page_size", self.page_size))
        self._page_size = min(max(size, 1), 1000)

    def find_filter_problem(self, filters: Mapping[str, Any]) -> str | None:
        """Say what is wrong with a filter; None where nothing is."""
        return find_filter_problem(self.target, filters, self.more_filter_keys)

    def validate_filter(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        """Return a filter as it is.

        Raises:
            ExecutionError: It names no scope, or has a key that the target does not have.
        """
        if (problem := self.find_filter_problem(filters)) is not None:
            raise ExecutionError(
                f"This export can not begin: {problem}.",
                {"target": self.target, "filter": dict(filters)},
                hint="Keys that your server has besides go into more_filter_keys of a handler of your own.",
            )
        return dict(filters)

    def get_results(self, client: Any, filters: Mapping[str, Any]) -> tuple[Iterator[Record], int]:
        """Return the records that a filter leaves, to be gone through once, and how many the server counts.

        Raises:
            ExecutionError: As `validate_filter`; or the server has no such list.
            ClientError: The server refuses, or is away for longer than it is waited for.
        """
        query = {
            "response_mode": "presigned",
            "pagination": "cursor",
            "page_size": self._page_size,
            "expand": self.expand,
            **build_query(self.target, self.validate_filter(filters)),
            "ordering": f"-{self.order_key}",
        }
        records, count = self._list(client, query)
        return self._go_through(client, query, records), count

    def get_export_item(self, results: Iterable[Record]) -> Iterator[dict[str, Any]]:
        """Make items of records: `id`, `files` (the primary one's entry) and `data` as it was listed."""
        for record in results:
            yield self.build_item(record)

    def build_item(self, record: Record) -> dict[str, Any]:
        """Make an item of a record; its `data` may still have to be fetched, which `complete_item` does."""
        return {"data": record.get("data"), "files": find_primary_file(record), "id": self.read_id(record)}

    def read_id(self, record: Record) -> int:
        """Return a record's id."""
        return int(record[self.order_key] if self.order_key in record else record["id"])

    def complete_item(self, client: Any, item: dict[str, Any], scratch: Path) -> dict[str, Any]:
        """Return an item with its annotations, which the server may have named by an address only.

        Args:
            client: The server's.
            item: As `build_item` made it.
            scratch: A file to write to on the way; it is gone afterwards.

        Raises:
            ClientError: They can not be had.
            ValueError: What came is no JSON, or the record names no address.
        """
        if not _is_to_be_fetched(item["data"]):
            return {**item, "data": _unwrap(item["data"])}
        try:
            self.download(client, item, "data", scratch)
            return {**item, "data": json.loads(scratch.read_bytes())}
        finally:
            scratch.unlink(missing_ok=True)

    def download(self, client: Any, item: dict[str, Any], part: str, target: Path) -> None:
        """Write what `files` or `data` name by address; one that has run out is asked for anew."""
        for tries in range(EXPORT_PAYLOAD_MAX_REISSUES + 1):
            try:
                client.download_file(_find_address(item[part], part), target)
                return
            except ClientError as error:
                if error.status_code not in _RUN_OUT or tries == EXPORT_PAYLOAD_MAX_REISSUES:
                    raise
                if (record := self._ask_again(client, item["id"])) is None:
                    raise
                fresh = record.get("data") if part == "data" else _find_same_file(record, item["files"])
                if fresh is None:
                    raise
                item = {**item, part: fresh}

    def _ask_again(self, client: Any, item_id: int) -> Record | None:
        query = {
            "response_mode": "presigned",
            "expand": self.expand,
            "page_size": 1,
            f"{self.order_key}__in": item_id,
        }
        found = getattr(client, self.list_method)(query)["results"]
        return next((record for record in found if self.read_id(record) == item_id), None)

    def _list(self, client: Any, query: dict[str, Any]) -> tuple[Iterator[Record], int]:
        try:
            records, count = getattr(client, self.list_method)(query, list_all=True)
        except NotFoundError as error:
            raise ExecutionError(
                f"This server has no list of {self.target} records.",
                {"target": self.target, "status_code": error.status_code},
                hint=NO_LABELLING,
            ) from error
        return iter(records), int(count)

    def _go_through(self, client: Any, query: dict[str, Any], records: Iterator[Record]) -> Iterator[Record]:
        last: int | None = None
        for resumes in range(EXPORT_MAX_RESUMES + 1):
            try:
                if resumes:
                    records, _ = self._list(client, {**query, f"{self.order_key}__lt": last})
                for record in records:
                    number = self.read_id(record)
                    if last is not None and number >= last:
                        raise ExecutionError(
                            f"The server lists {self.target} {number} after {last}, though it was asked for "
                            "the newest first: what this export leaves out could not be told.",
                            {"target": self.target, "id": number, "after": last},
                        )
                    last = number
                    yield record
                return
            except _AWAY:
                if last is None or resumes == EXPORT_MAX_RESUMES:
                    raise


class AssignmentExportTargetHandler(ExportTargetHandler):
    """What one person made of one task."""

    target = "assignment"
    list_method = "list_assignments"


class GroundTruthExportTargetHandler(ExportTargetHandler):
    """What was settled on."""

    target = "ground_truth"
    list_method = "list_ground_truth_events"
    order_key = "pgh_id"
    page_size = 200


class TaskExportTargetHandler(ExportTargetHandler):
    """What is asked of people, with what they answered."""

    target = "task"
    list_method = "list_tasks"
    expand = "data_unit"
    page_size = 50


class TargetHandlerFactory:
    """From a target's name to its handler."""

    _handlers: ClassVar[dict[str, type[ExportTargetHandler]]] = {
        kind.target: kind
        for kind in (AssignmentExportTargetHandler, GroundTruthExportTargetHandler, TaskExportTargetHandler)
    }

    @classmethod
    def register_handler(cls, target: str, handler: type[ExportTargetHandler]) -> None:
        """Let `handler` be the one of `target`, in this process."""
        cls._handlers[target] = handler

    @classmethod
    def get_handler(cls, target: str, config: Mapping[str, Any] | None = None) -> ExportTargetHandler:
        """Return a handler of `target`.

        Raises:
            ExecutionError: Nothing of that name can be exported.
        """
        if target not in cls._handlers:
            raise ExecutionError(
                f"There is no export target {target!r}. There are {', '.join(sorted(cls._handlers))}.",
                {"target": target, "available": sorted(cls._handlers)},
                hint="TargetHandlerFactory.register_handler adds one.",
            )
        return cls._handlers[target](config)


def find_primary_file(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a record's primary file, else of its first one; empty where it has none."""
    return next(iter(list_files(record)), {})


def list_files(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a record's files, the primary one first."""
    unit = record.get("data_unit")
    for found in (
        record.get("files_manifest"),
        unit.get("files") if isinstance(unit, Mapping) else None,
        record.get("files"),
        record.get("file"),
    ):
        if entries := _list_entries(found):
            return sorted(entries, key=lambda entry: not entry.get("is_primary"))
    return []


def _find_same_file(record: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any] | None:
    def name(of: Mapping[str, Any]) -> tuple[Any, Any]:
        return of.get("name"), of.get("file_name_original")

    return next((found for found in list_files(record) if name(found) == name(entry)), None)


def _list_entries(found: Any) -> list[dict[str, Any]]:
    """Read files in the shapes in which servers put them: one entry, several by name, or a list."""
    if isinstance(found, Mapping):
        if "url" in found:
            return [dict(found)]
        return [{"name": name, **entry} for name, entry in found.items() if isinstance(entry, Mapping)]
    return [dict(entry) for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _is_to_be_fetched(data: Any) -> bool:
    if not isinstance(data, Mapping):
        return False
    mode = data.get("mode")
    return mode == "presigned" or (mode == "inline" and bool(data.get("truncated")))


def _unwrap(data: Any) -> Any:
    if isinstance(data, Mapping) and data.get("mode") == "inline":
        for name in ("data", "value", "payload"):
            if name in data:
                return data[name]
    return data


def _find_address(entry: Any, part: str) -> str:
    if isinstance(entry, Mapping):
        for name in ("url", "presigned_url"):
            if isinstance(entry.get(name), str) and entry[name]:
                return str(entry[name])
    raise ValueError(f"the server names no address for its {'file' if part == 'files' else 'data'}")
