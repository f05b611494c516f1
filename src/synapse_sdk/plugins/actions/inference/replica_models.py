"""The models that a replica keeps: each loaded once, in a folder of its own, as long as there is room."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synapse_sdk._internal.units import format_size
from synapse_sdk.plugins.errors import ModelLoadError


@dataclass(slots=True)
class _Kept:
    loading: asyncio.Future[Any]
    folder: str


class ReplicaModels:
    """Models by the header that names them, which holds whose token may read them. For one event loop."""

    def __init__(self, at_most: int) -> None:
        """Keep `at_most` models; the one that was not asked for longest goes."""
        self._at_most = at_most
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: str, load: Callable[[str], Awaitable[Any]]) -> Any:
        """Return a model; load it where it is not there. Several who ask at once wait for one load.

        Raises:
            Exception: What `load` raised. The next who asks has it loaded anew.
        """
        if key not in self._kept:
            folder = tempfile.mkdtemp(prefix="synapse-model-")
            self._kept[key] = _Kept(asyncio.ensure_future(load(folder)), folder)
            self._make_room()
        self._kept.move_to_end(key)
        kept = self._kept[key]
        try:
            # One who gives up waiting must not end it for the others.
            return await asyncio.shield(kept.loading)
        except BaseException:
            if kept.loading.done() and self._kept.get(key) is kept:
                self._forget(key)
            raise

    def _make_room(self) -> None:
        while len(self._kept) > self._at_most:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key)

        def remove(_: asyncio.Future[Any]) -> None:
            shutil.rmtree(kept.folder, ignore_errors=True)

        kept.loading.add_done_callback(remove)


def load_model_files(model_token: str, backend_url: str, folder: str) -> dict[str, Any]:
    """Fetch a model's files into a folder; return its record with that folder as `path`.

    Raises:
        SynapseError: The header is none, or the model can not be had.
        ModelLoadError: They are an archive that can not be unpacked, or not here.
        OSError: The files can not be written.
    """
    from synapse_sdk.clients.backend import BackendClient
    from synapse_sdk.clients.serving import read_serve_multiplexed_model_id

    named = read_serve_multiplexed_model_id(model_token, backend_url)
    client = BackendClient(backend_url, authorization_token=named.token, tenant=named.tenant)
    try:
        record, file = client.fetch_model(named.model, folder)
    finally:
        client.close()
    path = Path(folder)
    # By its name: weights of PyTorch are a zip archive as well, and are read as they are.
    if file.suffix.lower() in ("", ".zip") and zipfile.is_zipfile(file):
        path = path / "files"
        _unpack(file, path)
        file.unlink()
    return {**record, "path": path}


def _unpack(file: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            # No member unpacks to more than it says.
            needed_bytes = sum(member.file_size for member in archive.infolist())
            free_bytes = shutil.disk_usage(file.parent).free
            if needed_bytes > free_bytes:
                sizes = f"{format_size(needed_bytes)}, and {format_size(free_bytes)} are free"
                raise ModelLoadError(
                    f"The model unpacks to {sizes}.",
                    {"needed_bytes": needed_bytes, "free_bytes": free_bytes},
                )
            archive.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelLoadError(f"The model is an archive that can not be unpacked: {error}.") from error
