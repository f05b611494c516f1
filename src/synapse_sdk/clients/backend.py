"""`BackendClient`: the server's interface as plugin authors and older tools know it.

Source: interface sheet `platform.md` §3.2. Projects, tasks, data units and their like, which only the
vendor's servers have, are asked for by `LabellingRequests` and `DataUnitRequests`; other methods for
endpoints that this server does not have do not exist.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.clients.data_units import DataUnitRequests
from synapse_sdk.clients.errors import ClientError
from synapse_sdk.clients.labelling import LabellingRequests
from synapse_sdk.clients.patience import READ_TIMEOUT_S
from synapse_sdk.clients.server_address import ServerAddress
from synapse_sdk.clients.server_exports import ServerExportRequests
from synapse_sdk.clients.sse import read_messages
from synapse_sdk.clients.transport import Transport

if TYPE_CHECKING:
    import httpx

CHUNK_BYTES = 50 * 1024**2
PAGE_SIZE = 100
#: A chunk of an upload is written and synced before the server answers; its end reads all of it.
_UPLOAD_TIMEOUT_S = 600.0
#: Of a file's own name and of its suffix, well within what file systems take.
_FILE_NAME_BYTES, _SUFFIX_LENGTH = 200, 20

Document = dict[str, Any]
#: A page's items; or with `list_all=True` an iterator over all pages, and how many items there are.
Listed = Document | tuple[Iterator[Document], int]


class BackendClient(LabellingRequests, DataUnitRequests, ServerExportRequests):
    """Requests to one server, in the vendor's words. Ids may be numbers or texts. Thread-safe."""

    def __init__(
        self,
        base_url: str | ServerAddress,
        access_token: str | None = None,
        *,
        authorization_token: str | None = None,
        tenant: str | None = None,
        agent_token: str | None = None,
        timeout: float | None = None,
        url_host: str | None = None,
    ) -> None:
        """Prepare requests; nothing is sent yet.

        Args:
            base_url: Address of the server.
            access_token: Token of a person or job.
            authorization_token: The same, as another header.
            tenant: Code of the workspace, unless the token's own.
            agent_token: Token of an agent.
            timeout: Seconds that an answer may take.
            url_host: Host for addresses in answers; this server always answers with the caller's own.
        """
        headers = {}
        if authorization_token:
            headers["Authorization"] = f"Token {authorization_token}"
        if agent_token:
            headers["SYNAPSE-Agent"] = f"Token {agent_token}"
        self._transport = Transport(
            base_url,
            access_token,
            workspace=tenant,
            headers=headers,
            read_timeout_s=timeout or READ_TIMEOUT_S,
        )
        self._url_host = url_host
        self._tenant = tenant

    @property
    def base_url(self) -> str:
        """Address of the server."""
        return self._transport.url

    def __repr__(self) -> str:
        return f"BackendClient({self.base_url!r})"

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def list_agents(self, params: Mapping[str, Any] | None = None, *, list_all: bool = False) -> Listed:
        """List the agents of the workspace."""
        return self._list("agents/", params, list_all=list_all)

    def get_plugin(self, plugin: int | str) -> Document:
        """Return a plugin by its id or code."""
        return self._get(f"plugins/{_part(plugin)}/")

    def run_plugin(self, plugin: int | str, data: Mapping[str, Any]) -> Document:
        """Submit a job: `{action, params, agent?, version?, debug?, …}`; return it."""
        return self._post(f"plugins/{_part(plugin)}/run/", data)

    def list_plugin_releases(
        self, code: str, params: Mapping[str, Any] | None = None, *, list_all: bool = False
    ) -> Listed:
        """List the releases of a plugin."""
        return self._list("plugin_releases/", {"plugin": code, **(params or {})}, list_all=list_all)

    def get_plugin_release(self, release: int, params: Mapping[str, Any] | None = None) -> Document:
        """Return a release by its id."""
        return self._get(f"plugin_releases/{_part(release)}/", params)

    def get_plugin_release_by_lookup(self, lookup: str, expand: str = "plugin") -> Document:
        """Return a release by `code@version` or id."""
        return self._get(f"plugin_releases/{quote(lookup, safe='@')}/", {"expand": expand})

    def create_plugin_release(
        self, data: Mapping[str, Any], file: str | os.PathLike[str] | None = None
    ) -> Document:
        """Publish a release from one archive: `{plugin, version, config?, requirements?, debug}`."""
        if file is None:
            return self._post("plugin_releases/", data)
        with Path(file).open("rb") as stream:
            return self._send_form("POST", "plugin_releases/", data, {"file": (Path(file).name, stream)})

    def get_job(self, job: int | str) -> Document:
        """Return a job by its id or number."""
        return self._get(f"jobs/{_part(job)}/")

    def list_jobs(self, params: Mapping[str, Any] | None = None, *, list_all: bool = False) -> Listed:
        """List jobs."""
        return self._list("jobs/", params, list_all=list_all)

    def update_job(self, job: int | str, data: Mapping[str, Any]) -> Document:
        """Claim something about a job: `{status?, progress_record?, metrics_record?, result?, …}`."""
        answer: Document = self._transport.patch(f"jobs/{_part(job)}/", json=_given(data))
        return answer

    def list_job_console_logs(self, job: int | str) -> Any:
        """Return what a job has printed so far."""
        return self._transport.get(f"jobs/{_part(job)}/console_logs/")

    def tail_job_console_logs(self, job: int | str) -> Iterator[str]:
        """Yield what a job prints, as messages of an event stream, until it has ended."""
        with self._transport.stream(f"jobs/{_part(job)}/tail_console_logs/", timeout_s=None) as response:
            for message in read_messages(response.iter_lines()):
                yield message.data

    def create_logs(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Record log entries; one, or several at once."""
        return self._transport.post("logs/", json=data if isinstance(data, Mapping) else list(data))

    def get_storage(self, storage: int) -> Document:
        """Return a storage with its configuration."""
        return self._get(f"storages/{_part(storage)}/", {"with_configuration": "true"})

    def get_default_storage(self) -> Document | None:
        """Return the workspace's own storage, None where there is none."""
        found = self._get("storages/", {"category": "internal"})["results"]
        chosen: Document | None = next((item for item in found if item["is_default"]), None)
        return chosen or (found[0] if found else None)

    def create_data_file(
        self,
        path: str | os.PathLike[str],
        use_chunked_upload: bool | None = None,
        read_timeout: float | None = None,
    ) -> Document:
        """Upload a file; in chunks where it is large, or when that is asked for."""
        is_large = Path(path).stat().st_size > CHUNK_BYTES
        if is_large if use_chunked_upload is None else use_chunked_upload:
            upload = self.create_chunked_upload(path, read_timeout=read_timeout)
            return self._post("data_files/", {"chunked_upload": upload["id"]}, timeout_s=read_timeout)
        with Path(path).open("rb") as stream:
            return self._send_form(
                "POST", "data_files/", {}, {"file": (Path(path).name, stream)}, timeout_s=read_timeout
            )

    def verify_data_files_checksums(self, checksums: Sequence[str]) -> Document:
        """Say which files are there already: `{existing_checksums: […]}`, SHA-1."""
        return self._post("data_files/verify_checksums/", {"checksums": list(checksums)})

    def create_chunked_upload(
        self,
        path: str | os.PathLike[str],
        chunk_size: int = CHUNK_BYTES,
        on_progress: Callable[[int, int], None] | None = None,
        read_timeout: float | None = None,
    ) -> Document:
        """Upload a file in chunks; return the upload, whose `id` other calls take.

        Args:
            path: The file.
            chunk_size: Bytes of one chunk.
            on_progress: Called with the bytes that are sent, and all.
            read_timeout: Seconds that one answer may take.
        """
        source, timeout_s = Path(path), read_timeout or _UPLOAD_TIMEOUT_S
        total, offset, url = source.stat().st_size, 0, "chunked_upload/"
        md5 = hashlib.md5(usedforsecurity=False)
        with source.open("rb") as stream:
            while True:
                data = stream.read(chunk_size)
                md5.update(data)
                headers = {"Content-Range": f"bytes {offset}-{offset + len(data) - 1}/{total}"}
                answer = self._send_form(
                    "PUT",
                    url,
                    {"filename": source.name},
                    {"file": ("file", data)},
                    headers=headers if data else {},
                    timeout_s=timeout_s,
                )
                url, offset = answer["url"], offset + len(data)
                if on_progress is not None:
                    on_progress(offset, total)
                if offset >= total:
                    break
        return self._post(url, {"md5": md5.hexdigest()}, timeout_s=timeout_s)

    def get_chunked_upload(self, upload: int) -> Document:
        """Return how far an upload is; `completed_at` is set once it has ended."""
        return self._get(f"chunked_upload/{_part(upload)}/")

    def list_models(self, params: Mapping[str, Any] | None = None, *, list_all: bool = False) -> Listed:
        """List models."""
        return self._list("models/", params, list_all=list_all)

    def get_model(self, model: int, params: Mapping[str, Any] | None = None) -> Document:
        """Return a model; `file` is where a copy of its file or folder lies on this machine."""
        from synapse_sdk.clients.remote_workspace import RemoteWorkspace
        from synapse_sdk.settings import load_settings

        document = self._get(f"models/{_part(model)}/", params)
        workspace = RemoteWorkspace.over(self._transport, cache_folder=load_settings().cache_dir)
        return {**document, "file": workspace.get_model(document["id"])["path"]}

    def fetch_model(self, model: int | str, folder: str | os.PathLike[str]) -> tuple[Document, Path]:
        """Write a model's file into a folder; return its record, and where the file is.

        Raises:
            ClientError: It can not be had, or is a folder of files, which `get_model` fetches.
        """
        record = self._get(f"models/{_part(model)}/")
        address = record.get("file")
        if not isinstance(address, str) or not address:
            raise ClientError(None, f"Model {model} has no file of its own.")
        target = Path(folder) / _name_file(address)
        self.download_file(address, target)
        return record, target

    def create_model(self, data: Mapping[str, Any], file: str | os.PathLike[str] | None = None) -> Document:
        """Make a model: `{name, plugin?, version?, checkpoint?, configuration?, …}`, and upload its file."""
        body = dict(data)
        if file is not None:
            body["chunked_upload"] = self.create_chunked_upload(file)["id"]
        return self._post("models/", body)

    def download_file(self, url: str, path: str | os.PathLike[str]) -> int:
        """Write a file that an answer named by its address to `path`; return its size in bytes.

        The token goes with it only where the address is the server's own. What breaks off is taken up again.

        Raises:
            ClientError: It can not be had.
            OSError: It can not be written.
        """
        from synapse_sdk.clients.file_download import download_file

        return download_file(self._transport, url, Path(path))

    def name_served_model(self, model: int | str) -> str:
        """Return what a request to a served application names a model by, so that it is read for this login.

        It holds the token. See `create_serve_multiplexed_model_id`.

        Raises:
            SynapseError: This client has no token.
        """
        from synapse_sdk.clients.serving import create_serve_multiplexed_model_id

        token = self._transport.find_token()
        if token is None:
            raise SynapseError(f"Model {model} can not be asked: this client has no token.")
        return create_serve_multiplexed_model_id(model, token, self.base_url, self._tenant)

    def exists(self, method: str, *args: Any, **options: Any) -> bool:
        """Does the list that a method returns, such as "list_models", have anything in it?"""
        answer: Document = getattr(self, method)(*args, **options)
        return int(answer["count"]) > 0

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Document:
        answer: Document = self._transport.get(path, params=self._params(params))
        return answer

    def _post(
        self,
        path: str,
        data: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        timeout_s: float | None = None,
        idempotency_key: str | None = None,
    ) -> Document:
        body = _given(data) if isinstance(data, Mapping) else list(data)
        answer: Document = self._transport.post(
            path, json=body, idempotency_key=idempotency_key or uuid7(), timeout_s=timeout_s
        )
        return answer

    def _send_form(
        self, method: str, path: str, data: Mapping[str, Any], files: Mapping[str, Any], **options: Any
    ) -> Document:
        fields = {name: _field(value) for name, value in _given(data).items()}
        # What is streamed from a file is used up by the first try.
        answer: Document = self._transport.request(
            method, path, data=fields, files=dict(files), retries=method == "PUT", **options
        )
        return answer

    def _open_stream(self, path: str, timeout_s: float | None) -> AbstractContextManager[httpx.Response]:
        return self._transport.stream(path, timeout_s=timeout_s)

    def _put(self, path: str, data: Mapping[str, Any], params: Mapping[str, Any]) -> Document | None:
        answer: Document | None = self._transport.put(path, json=dict(data), params=self._params(params))
        return answer

    def _list(
        self, path: str, params: Mapping[str, Any] | None, *, list_all: bool, size_name: str = "limit"
    ) -> Listed:
        if not list_all:
            return self._get(path, params)
        page = self._get(path, {size_name: PAGE_SIZE, **(params or {})})
        return self._iter_pages(page), int(page["count"])

    def _iter_pages(self, page: Document) -> Iterator[Document]:
        asked: set[str] = set()
        while True:
            yield from page["results"]
            if not (following := page["next"]):
                return
            if following in asked:
                raise ClientError(None, f"The server {self.base_url} sends the same page over and over.")
            asked.add(following)
            page = self._transport.get(following)

    def _params(self, params: Mapping[str, Any] | None) -> dict[str, Any]:
        host = {} if self._url_host is None else {"url_host": self._url_host}
        return {**(params or {}), **host}


def _part(value: int | str) -> str:
    return quote(str(value), safe="")


def _name_file(address: str) -> str:
    """Return the name that an address ends in; where no file can be called so, "model" with its suffix."""
    name = unquote(urlsplit(address).path).rpartition("/")[2]
    if name.isprintable() and name not in ("", ".", "..") and len(name.encode()) <= _FILE_NAME_BYTES:
        return name
    suffix = Path(name).suffix
    return f"model{suffix}" if suffix.isprintable() and len(suffix) <= _SUFFIX_LENGTH else "model"


def _given(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _field(value: Any) -> str:
    import json

    return json.dumps(value) if isinstance(value, dict | list) else str(value)
