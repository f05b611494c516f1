"""What a server keeps, in memory: records by kind, and contents. Answers requests by path.

Source of the shapes: the real server's routes; interface sheet `platform.md` §3.2 for what it does not have.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from synapse_sdk.clients.errors import ClientError, HTTPError, NotFoundError, ValidationError

#: Nobody can have this name, so nothing could be reached by accident.
ADDRESS = "http://fake-backend.invalid"
#: What shapes an answer, and narrows nothing down.
_SHAPE = frozenset(
    {"limit", "after", "page_size", "cursor", "ordering", "order", "expand", "url_host", "with_configuration"}
)
_PAGE_SIZE = 100

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request."""

    method: str
    #: Without slashes around it.
    path: str
    body: Any
    params: Mapping[str, Any]


@dataclass
class FakeServer:
    """Records and contents."""

    #: Kind → id → record.
    records: dict[str, dict[int, Document]] = field(default_factory=dict)
    #: Contents of models and of uploads in chunks, by kind and id.
    contents: dict[tuple[str, int], bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def add(self, kind: str, fields: Mapping[str, Any]) -> Document:
        """Keep a record; its id is the next free one unless given."""
        records = self.records.setdefault(kind, {})
        number = fields.get("id")
        number = max(records, default=0) + 1 if number is None else int(number)
        records[number] = {**fields, "id": number}
        return records[number]

    def find(self, kind: str, number: int | str) -> Document:
        """Return a record.

        Raises:
            NotFoundError: There is none of that id.
        """
        record = self.records.get(kind, {}).get(int(number))
        if record is None:
            raise NotFoundError(f"There is nothing with the id {number} in {kind}.")
        return record

    def answer(self, method: str, path: str, options: Mapping[str, Any]) -> Any:
        """Answer a request.

        Raises:
            HTTPError: As the real server would.
            ClientError: There is no such route here.
        """
        place, _, query = path.removeprefix(ADDRESS).strip("/").partition("?")
        params = {
            **dict(pair.split("=", 1) for pair in query.split("&") if pair),
            **(options.get("params") or {}),
        }
        place, body = place.strip("/"), options.get("json", options.get("data"))
        self.asked.append(Asked(method, place, body, params))
        for wanted, pattern, handler in _ROUTES:
            if method == wanted and (found := re.fullmatch(pattern, place)):
                return handler(self, found, Request(body, params, options))
        raise ClientError(
            None,
            f"The fake backend has no answer to {method} {place}/.",
            hint="Override the method of BackendClient in a subclass of FakeBackend.",
        )


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler may want to know besides the path."""

    body: Any
    params: Mapping[str, Any]
    options: Mapping[str, Any]

    def read_file(self) -> tuple[str, bytes]:
        """Return name and content of the form's file."""
        name, content = self.options["files"]["file"]
        return name, content if isinstance(content, bytes) else content.read()


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _list(server: FakeServer, found: re.Match[str], request: Request) -> Document:
    wanted = {name: value for name, value in request.params.items() if name not in _SHAPE}
    kind = found["kind"]
    known = [record for _, record in sorted(server.records.get(kind, {}).items())]
    fitting = [record for record in known if all(str(record.get(key)) == str(wanted[key]) for key in wanted)]
    size = int(request.params.get("limit") or request.params.get("page_size") or _PAGE_SIZE)
    start = int(request.params.get("cursor") or 0)
    more = "&".join(
        f"{name}={value}" for name, value in {**wanted, "limit": size, "cursor": start + size}.items()
    )
    return {
        "count": len(fitting),
        "next": f"{ADDRESS}/{found.group()}/?{more}" if start + size < len(fitting) else None,
        "previous": None,
        "results": [_public(record) for record in fitting[start : start + size]],
    }


def _get(server: FakeServer, found: re.Match[str], _: Request) -> Document:
    return _public(server.find(found["kind"], found["id"]))


def _create(server: FakeServer, found: re.Match[str], request: Request) -> Document:
    if isinstance(request.body, list):
        return {"results": [server.add(found["kind"], record) for record in request.body]}
    return server.add(found["kind"], request.body)


def _update(server: FakeServer, found: re.Match[str], request: Request) -> Document:
    record = server.find(found["kind"], found["id"])
    record.update(request.body)
    return record


def _annotate(server: FakeServer, found: re.Match[str], request: Request) -> Document:
    task = server.find("tasks", found["id"])
    task["data"] = request.body.get("data")
    return task


def _take_chunk(server: FakeServer, found: re.Match[str], request: Request) -> Document:
    _, content = request.read_file()
    number = found.groupdict().get("id")
    if number is None:
        upload = server.add("chunked_upload", {"filename": request.body["filename"], "completed_at": None})
    else:
        upload = server.find("chunked_upload", number)
    key = ("chunked_upload", upload["id"])
    server.contents[key] = server.contents.get(key, b"") + content
    return _describe_upload(server, upload)


def _end_upload(server: FakeServer, found: re.Match[str], request: Request) -> Document:
    upload = server.find("chunked_upload", found["id"])
    content = server.contents[("chunked_upload", upload["id"])]
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if request.body.get("md5") not in (None, md5):
        raise ValidationError(400, f"The MD5 of what came is {md5}.")
    upload["completed_at"] = _now()
    return _describe_upload(server, upload)


def _describe_upload(server: FakeServer, upload: Document) -> Document:
    content = server.contents[("chunked_upload", upload["id"])]
    return {
        **upload,
        "url": f"{ADDRESS}/chunked_upload/{upload['id']}/",
        "offset": len(content),
        "checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }


def _find_content(server: FakeServer, number: int) -> tuple[str, bytes]:
    upload = server.find("chunked_upload", number)
    if upload["completed_at"] is None:
        raise HTTPError(409, f"The upload {number} is not complete.")
    return upload["filename"], server.contents[("chunked_upload", upload["id"])]


def _create_data_file(server: FakeServer, _: re.Match[str], request: Request) -> Document:
    if "files" in request.options:
        name, content = request.read_file()
    else:
        name, content = _find_content(server, request.body["chunked_upload"])
    checksum = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    made = server.add("data_files", {"name": name, "checksum": checksum, "size": len(content)})
    server.contents[("data_files", made["id"])] = content
    return made


def _verify_checksums(server: FakeServer, _: re.Match[str], request: Request) -> Document:
    known = {record["checksum"] for record in server.records.get("data_files", {}).values()}
    return {"existing_checksums": [item for item in request.body["checksums"] if item in known]}


def _create_model(server: FakeServer, _: re.Match[str], request: Request) -> Document:
    body = request.body
    if not body.get("name"):
        raise ValidationError(422, "name: Field required")
    if body.get("chunked_upload") is None:
        raise ValidationError(422, "A model has files: give a manifest, or the id of a chunked_upload.")
    name, content = _find_content(server, body["chunked_upload"])
    kept = {key: value for key, value in body.items() if key != "chunked_upload"}
    model = server.add(
        "models",
        {
            "description": "",
            "metrics": {},
            **kept,
            "size_bytes": len(content),
            "created_at": _now(),
            "_file_name": body.get("filename") or name,
        },
    )
    server.contents[("models", model["id"])] = content
    return _public(model)


def _open_no_session(_: FakeServer, __: re.Match[str], ___: Request) -> Document:
    raise NotFoundError("This server opens no storage sessions.")


def _public(record: Document) -> Document:
    return {name: value for name, value in record.items() if not name.startswith("_")}


_Handler = Callable[[FakeServer, re.Match[str], Request], Any]
_NUMBER = r"(?P<id>\d+)"
#: Kinds that are nothing but records; some stand below `sdk/` when they are listed.
_KIND = (
    r"(?:sdk/)?(?P<kind>projects|tasks|assignments|ground_truth_events|ground_truth_dataset_versions|"
    r"data_collections|data_units|data_files|models|storages|jobs|logs|agents|plugin_releases|"
    r"serve_applications)"
)
#: Method, path, and who answers. The first line that fits counts.
_ROUTES: tuple[tuple[str, str, _Handler], ...] = (
    ("PUT", r"chunked_upload", _take_chunk),
    ("PUT", rf"chunked_upload/{_NUMBER}", _take_chunk),
    ("POST", rf"chunked_upload/{_NUMBER}", _end_upload),
    (
        "GET",
        rf"chunked_upload/{_NUMBER}",
        lambda s, f, _: _describe_upload(s, s.find("chunked_upload", f["id"])),
    ),
    ("POST", r"data_files", _create_data_file),
    ("POST", r"data_files/verify_checksums", _verify_checksums),
    ("POST", r"data_files/presigned_upload/upload", _open_no_session),
    ("POST", r"models", _create_model),
    ("POST", rf"storages/{_NUMBER}/session", _open_no_session),
    ("PUT", rf"tasks/{_NUMBER}/annotate_task_data", _annotate),
    ("GET", _KIND, _list),
    ("GET", rf"{_KIND}/{_NUMBER}", _get),
    ("POST", _KIND, _create),
    ("PATCH", rf"{_KIND}/{_NUMBER}", _update),
)
