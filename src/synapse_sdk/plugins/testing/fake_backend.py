"""`FakeBackend`: a server's client without a server, which keeps what it is given.

For models, files and storages it answers as the real server does; one suite of tests runs against both. Of
what only the vendor's servers have (projects, tasks, data units, …) it holds records as they are.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.transport import Transport
from synapse_sdk.plugins.testing.fake_server import ADDRESS, Asked, Document, FakeServer

if TYPE_CHECKING:
    import httpx

__all__ = ["Asked", "FakeBackend"]


class FakeBackend(BackendClient):
    """A `BackendClient` to hand to an action under test: `LocalExecutor(client=fake_backend)`.

    ```python
    backend = FakeBackend()
    backend.add("projects", id=3, name="cats")
    assert backend.get_project(3)["name"] == "cats"
    assert [asked.path for asked in backend.asked] == ["projects/3"]
    ```

    It opens no connection. What it has no answer to is refused by name, never made up.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        """Set up.

        Args:
            folder: Where contents lie; one of its own, removed with this object, unless given.
        """
        super().__init__(ADDRESS)
        if folder is None:
            folder = tempfile.mkdtemp(prefix="synapse-fake-backend-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._folder = Path(folder)
        self._server = FakeServer()
        self._transport = _FakeTransport(self._server)
        self.storage.mkdir(parents=True, exist_ok=True)
        self.add(
            "storages",
            name="default",
            category="internal",
            provider="file_system",
            configuration={"location": str(self.storage)},
            is_default=True,
        )

    @property
    def storage(self) -> Path:
        """The folder of its one storage, whose id is 1."""
        return self._folder / "storage"

    @property
    def asked(self) -> list[Asked]:
        """Every request, in order."""
        return self._server.asked

    def add(self, kind: str, **fields: Any) -> Document:
        """Put a record there, of "projects", "tasks", "data_collections", …; return it.

        Args:
            kind: As in the path that it is asked for by.
            fields: Its fields; `id` is the next free one unless given.
        """
        return self._server.add(kind, fields)

    def records(self, kind: str) -> list[Document]:
        """Return what is there of a kind, in the order of ids."""
        return [record for _, record in sorted(self._server.records.get(kind, {}).items())]

    def get_model(self, model: int, params: Mapping[str, Any] | None = None) -> Document:
        """Return a model; `file` is where a copy of its file lies."""
        document = self._get(f"models/{model}/", params)
        number = int(document["id"])
        file = self._folder / "models" / str(number) / str(self._server.find("models", number)["_file_name"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self._server.contents[("models", number)])
        return {**document, "file": str(file)}


class _FakeTransport(Transport):
    def __init__(self, server: FakeServer) -> None:
        super().__init__(ADDRESS)
        self._server = server

    def request(self, method: str, path: str, **options: Any) -> Any:
        return self._server.answer(method, path, options)

    @contextmanager
    def stream(
        self, path: str, *, method: str = "GET", timeout_s: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        self._server.answer(method, f"stream of {path}", options)
        yield from ()

    def close(self) -> None:
        """Nothing is open."""
