"""A client for trying out an action anywhere: no server is asked; every answer is made up, and said to be.

```text
call ──▶ path ──▶ the first line of the table that fits ──▶ an answer, and a sentence that it was made up
```

The answers have the shapes of interface sheet `actions.md` §10. What the table does not have is refused.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.errors import ClientError
from synapse_sdk.clients.presigned_upload import BulkUpload
from synapse_sdk.clients.transport import Transport

if TYPE_CHECKING:
    import httpx

#: Nobody can have this name, so nothing could be reached by accident.
ADDRESS = "http://rehearsal.invalid"
#: How many records a list has.
LISTED = 3

Document = dict[str, Any]


class RehearsalClient(BackendClient):
    """A `BackendClient` without a server. Folders that it names exist, empty, as long as this object does."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Set up.

        Args:
            tell: Called with a sentence each time that an answer is made up.
        """
        super().__init__(ADDRESS)
        self._tell = tell
        self._transport = _MadeUp(tell)

    #: Says to actions that ask somebody else than the server: nobody is asked.
    is_rehearsal = True

    def make_up(self, text: str) -> None:
        """Say that something else was made up."""
        self._tell(text)

    def download_file(self, url: str, path: str | os.PathLike[str]) -> int:
        """Write an empty file."""
        self._tell(f"the file {Path(path).name!r} was not fetched; an empty one was made up.")
        Path(path).write_bytes(b"")
        return 0

    def upload_files_bulk(
        self,
        paths: Iterable[str | os.PathLike[str]],
        max_workers: int = 10,
        batch_size: int = 200,
        max_upload_retries: int = 2,
    ) -> Iterator[BulkUpload]:
        """Send nothing."""
        files = [Path(path) for path in paths]
        self._tell(f"{len(files)} files were not sent.")
        return iter([BulkUpload(file, None, number, None) for number, file in enumerate(files, start=1)])


class _MadeUp(Transport):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(ADDRESS)
        self._tell = tell
        self._scratch: str | None = None

    def request(self, method: str, path: str, **options: Any) -> Any:
        asked = path.strip("/")
        for wanted, pattern, answer in _ANSWERS:
            if method == wanted and (found := re.fullmatch(pattern, asked)):
                self._tell(f"the answer to {method} {asked}/ was made up; no server was asked.")
                number = int(found["id"]) if "id" in found.groupdict() else 1
                return answer(self, number, options.get("json") or {})
        raise ClientError(
            None,
            f"A rehearsal has no answer to {method} {asked}/.",
            hint="Hand in a fake of yours: LocalExecutor(client=…).",
        )

    @contextmanager
    def stream(
        self, path: str, *, method: str = "GET", timeout_s: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        self.request(method, f"stream of {path}")
        yield from ()

    def close(self) -> None:
        """Nothing is open."""

    def make_storage(self, number: int, purpose: str | None) -> Document:
        """Return a storage: to read from, the current folder; to write to, one that is thrown away."""
        location = str(Path.cwd()) if purpose == "read" else self._make_scratch()
        return {
            "id": number,
            "name": f"rehearsed-storage-{number}",
            "provider": "file_system",
            "configuration": {"location": location},
            "contract_version": 1,
        }

    def _make_scratch(self) -> str:
        if self._scratch is None:
            self._scratch = tempfile.mkdtemp(prefix="synapse-rehearsal-")
            weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        return self._scratch


def _make_files(number: int) -> Document:
    entry = {"url": f"{ADDRESS}/files/{number}", "file_name_original": f"rehearsed-{number}.png"}
    meta = {"url": f"{ADDRESS}/files/{number}.json", "file_name_original": f"rehearsed-{number}.json"}
    return {
        "image_1": {**entry, "file_type": "image", "is_primary": True},
        "data_meta_1": {**meta, "file_type": "data", "is_primary": False},
    }


def _make_record(kind: str, number: int) -> Document:
    """Return what a list of tasks, assignments or ground truths holds."""
    return {
        "id": number,
        "name": f"rehearsed-{kind}-{number}",
        "project": 1,
        "data": {"mode": "inline", "data": {}},
        "data_unit": {"id": number, "files": _make_files(number)},
        "file": _make_files(number),
        "files": _make_files(number),
        "pgh_id": number,
    }


def _make_list(kind: str) -> Document:
    records = [_make_record(kind, number) for number in range(LISTED, 0, -1)]
    return {"count": LISTED, "next": None, "previous": None, "results": records}


def _make_collection(number: int) -> Document:
    specifications = [
        {"name": "image_1", "file_type": "image", "is_required": True, "is_primary": True},
        {"name": "data_meta_1", "file_type": "data", "is_required": False, "is_primary": False},
    ]
    return {"id": number, "name": f"rehearsed-collection-{number}", "file_specifications": specifications}


def _make_project(number: int) -> Document:
    return {
        "id": number,
        "name": f"rehearsed-project-{number}",
        "configuration": {},
        "data_collection": 1,
    }


def _keep(transport: _MadeUp, number: int, data: Any) -> Document:
    if isinstance(data, list):
        return {"results": [{**record, "id": place} for place, record in enumerate(data, start=1)]}
    return {"id": number, **data}


_Answer = Callable[[_MadeUp, int, Any], Document]
#: Method, path, and what is answered to it.
_ANSWERS: tuple[tuple[str, str, _Answer], ...] = (
    ("GET", r"projects/(?P<id>\d+)", lambda _, number, __: _make_project(number)),
    ("GET", r"data_collections/(?P<id>\d+)", lambda _, number, __: _make_collection(number)),
    ("GET", r"data_units/(?P<id>\d+)", lambda _, number, __: {"id": number, "files": _make_files(number)}),
    ("GET", r"storages/(?P<id>\d+)", lambda transport, number, _: transport.make_storage(number, None)),
    (
        "POST",
        r"storages/(?P<id>\d+)/session",
        lambda transport, number, data: transport.make_storage(number, data.get("purpose")),
    ),
    ("GET", r"tasks/(?P<id>\d+)", lambda _, number, __: _make_record("task", number)),
    ("GET", r"assignments/(?P<id>\d+)", lambda _, number, __: _make_record("assignment", number)),
    ("GET", r"sdk/tasks", lambda *_: _make_list("task")),
    ("GET", r"sdk/assignments", lambda *_: _make_list("assignment")),
    ("GET", r"sdk/ground_truth_events", lambda *_: _make_list("ground-truth")),
    (
        "GET",
        r"ground_truth_dataset_versions/(?P<id>\d+)",
        lambda _, number, __: {"id": number, "name": f"rehearsed-version-{number}"},
    ),
    (
        "GET",
        r"plugin_releases/(?P<id>\d+)",
        lambda _, number, __: {"id": number, "plugin": {"code": "rehearsed-plugin"}, "version": "0.1.0"},
    ),
    (
        "GET",
        r"serve_applications",
        lambda *_: {"count": 1, "next": None, "previous": None, "results": [{"id": 1, "status": "RUNNING"}]},
    ),
    ("POST", r"plugins/[^/]+/run", lambda *_: {}),
    ("PUT", r"tasks/(?P<id>\d+)/annotate_task_data", _keep),
    ("POST", r"data_files/verify_checksums", lambda *_: {"existing_checksums": []}),
    ("POST", r"(data_files|data_units|serve_applications)", _keep),
)
