"""Files by their addresses, from a server on this machine: whole, once, and without telling secrets."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from synapse_sdk.exceptions import ClientError, NotFoundError, ServerError
from synapse_sdk.utils.file.download import (
    adownload_file,
    afiles_url_to_path,
    download_file,
    download_json,
    files_url_to_path,
    files_url_to_path_from_objs,
)
from synapse_sdk.utils.file.io import get_temp_path
from synapse_sdk.utils.file.retry import streaming_download
from tests.utils.file_server import FileServer

DATA = bytes(range(256)) * 1000
LONG_AGO = "Mon, 01 Jan 2024 00:00:00 GMT"


@pytest.fixture(autouse=True)
def _files(server: FileServer, temporary: Path) -> None:
    server.files = {
        "a/x.png": DATA,
        "a/y.png": b"y",
        "doc.json": b'{"a": [1]}',
        "bad.json": b"{",
        "file": b"no suffix",
    }


def test_a_file_is_there_whole_under_the_digest_of_its_address(server: FileServer, tmp_path: Path):
    url = f"{server.url}/a/x.png"

    path = download_file(f"{url}?X-Amz-Signature=abc&X-Amz-Expires=60", tmp_path / "new")

    assert path == tmp_path / "new" / f"{hashlib.md5(url.encode()).hexdigest()}.png"
    assert path.read_bytes() == DATA
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_is_fetched_once_whoever_signs_its_address(server: FileServer, tmp_path: Path):
    for signature in ("a", "b"):
        download_file(f"{server.url}/a/x.png?Signature={signature}&Expires=1", tmp_path)
    assert server.counts["a/x.png"] == 1

    download_file(f"{server.url}/a/x.png", tmp_path, use_cached=False)
    assert server.counts["a/x.png"] == 2


@pytest.mark.parametrize("query", ["id={}", "token={}", "st={}&sr=b", "policy={}", "expires={}"])
def test_what_a_query_asks_for_is_another_file(server: FileServer, tmp_path: Path, query: str):
    paths = {download_file(f"{server.url}/file?{query.format(number)}", tmp_path) for number in (1, 2, 1)}

    assert len(paths) == 2


@pytest.mark.parametrize(
    "query",
    [
        "sv=2024-11-04&st={0}&se={0}&sr=b&sp=r&sig={0}",
        "Expires={0}&Signature={0}&Key-Pair-Id=K1",
        "X-Amz-Date={0}&X-Amz-Signature={0}&response-content-disposition=inline",
    ],
)
def test_what_only_signs_an_address_makes_no_other_file(server: FileServer, tmp_path: Path, query: str):
    paths = {download_file(f"{server.url}/file?id=7&{query.format(number)}", tmp_path) for number in (1, 2)}

    assert len(paths) == 1


@pytest.mark.parametrize(
    ("name", "called"), [("mine", "mine.png"), ("mine.png", "mine.png"), ("mine.v2", "mine.v2.png")]
)
def test_a_file_of_one_s_own_name_is_fetched_anew(server: FileServer, tmp_path: Path, name: str, called: str):
    (tmp_path / called).write_text("old")

    assert download_file(f"{server.url}/a/x.png", tmp_path, name=name) == tmp_path / called
    assert (tmp_path / called).read_bytes() == DATA


@pytest.mark.parametrize("name", ["../x", "", "/etc/x", "a/b"])
def test_a_name_does_not_lead_elsewhere(server: FileServer, tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="is no name of a file"):
        download_file(f"{server.url}/a/x.png", tmp_path, name=name)
    assert server.requests == []


def test_what_coerce_makes_is_returned(server: FileServer, tmp_path: Path):
    assert download_file(f"{server.url}/file", tmp_path, coerce=str) == str(next(tmp_path.glob("[0-9a-f]*")))


def test_a_download_that_breaks_off_goes_on_where_it_was(server: FileServer, tmp_path: Path):
    server.breaks["a/x.png"] = [100_000, 50_000]

    streaming_download(f"{server.url}/a/x.png", tmp_path / "x")

    assert (tmp_path / "x").read_bytes() == DATA
    assert [headers.get("range") for _, headers in server.requests] == [
        None,
        "bytes=100000-",
        "bytes=150000-",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},  # nothing tells one version from the next
        {"ETag": 'W/"same"'},
        {"Last-Modified": "Sat, 01 Jan 2100 00:00:00 GMT"},  # not before the answer: it may change again
        {"Last-Modified": "yesterday"},
    ],
)
def test_a_file_that_was_replaced_meanwhile_comes_anew(
    server: FileServer, tmp_path: Path, headers: dict[str, str] | None
):
    path = tmp_path / "x"

    class Replaced(list[int]):
        def pop(self, *_: object) -> int:  # after the first answer, the file is another one
            server.files["a/x.png"], server.etag = b"new" * 50_000, "two"
            return super().pop()

    server.breaks["a/x.png"] = Replaced([100_000])
    server.version_headers = headers
    streaming_download(f"{server.url}/a/x.png", path)

    assert path.read_bytes() == b"new" * 50_000


def test_a_file_of_which_only_the_time_is_known_is_taken_up_by_it(server: FileServer, tmp_path: Path):
    server.version_headers = {"Last-Modified": LONG_AGO}
    server.breaks["a/x.png"] = [100_000]

    streaming_download(f"{server.url}/a/x.png", tmp_path / "x")

    assert (tmp_path / "x").read_bytes() == DATA
    (_, first), (_, second) = server.requests
    assert (first.get("range"), second["range"], second["if-range"]) == (None, "bytes=100000-", LONG_AGO)


def test_a_server_that_can_not_just_now_is_asked_again(server: FileServer, tmp_path: Path):
    server.refusals["a/y.png"] = [503, 502]

    assert streaming_download(f"{server.url}/a/y.png", tmp_path / "y").read_bytes() == b"y"
    assert server.counts["a/y.png"] == 3


def test_a_server_is_not_asked_for_ever_and_nothing_is_left(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "y").write_text("old")
    server.refusals["a/y.png"] = [503] * 9
    monkeypatch.setenv("SYNAPSE_DOWNLOAD_MAX_RETRIES", "2")

    with pytest.raises(ServerError):
        streaming_download(f"{server.url}/a/y.png", tmp_path / "y")
    assert server.counts["a/y.png"] == 3
    with pytest.raises(ServerError):
        streaming_download(f"{server.url}/a/y.png", tmp_path / "y", max_retries=0)
    assert server.counts["a/y.png"] == 4
    assert [(entry.name, entry.read_text()) for entry in tmp_path.glob("[!t]*")] == [("y", "old")]


def test_a_setting_that_is_no_number_is_told(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SYNAPSE_DOWNLOAD_MAX_RETRIES", "many")

    with pytest.raises(ClientError, match="SYNAPSE_DOWNLOAD_MAX_RETRIES is 'many'"):
        streaming_download(f"{server.url}/a/y.png", tmp_path / "y")


def test_a_file_that_is_not_there_is_told_and_not_kept(server: FileServer, tmp_path: Path):
    with pytest.raises(NotFoundError):
        download_file(f"{server.url}/nowhere.png", tmp_path / "new")

    assert list((tmp_path / "new").iterdir()) == []
    assert server.counts["nowhere.png"] == 1


def test_redirects_are_followed_and_a_password_stays_with_its_host(server: FileServer, tmp_path: Path):
    with FileServer() as other:
        other.files["y"] = b"elsewhere"
        server.redirects["moved"] = f"{other.url.replace('127.0.0.1', 'localhost')}/y"
        url = f"{server.url}/moved".replace("://", "://me:p%40ss@")

        assert streaming_download(url, tmp_path / "y").read_bytes() == b"elsewhere"

        assert server.requests[0][1]["authorization"] == "Basic bWU6cEBzcw=="
        assert "authorization" not in other.requests[0][1]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://h/x", "x.png", "http://", "http://me:pa55word@:1/x?token=t0ken"]
)
def test_what_is_no_address_is_refused_without_its_secrets(tmp_path: Path, url: str):
    with pytest.raises(ClientError, match="is no address that a file can be had from") as caught:
        download_file(url, tmp_path)

    assert "pa55word" not in str(caught.value)
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize("path", ["nowhere", "broken"])
def test_an_error_tells_neither_password_nor_query(server: FileServer, tmp_path: Path, path: str):
    server.files["broken"], server.breaks["broken"] = DATA, [10] * 9
    url = f"{server.url}/{path}?sig=s1gnature".replace("://", "://me:pa55word@")

    with pytest.raises(ClientError) as caught:
        streaming_download(url, tmp_path / "x", max_retries=1)

    told = f"{caught.value} {caught.value.details} {caught.value.hint}"
    assert "pa55word" not in told
    assert "s1gnature" not in told


def test_json_is_read(server: FileServer):
    assert download_json(f"{server.url}/doc.json") == {"a": [1]}
    with pytest.raises(ValueError, match=r"/bad\.json answers no JSON"):
        download_json(f"{server.url}/bad.json?token=abc")


def test_addresses_become_paths_in_place(server: FileServer):
    files = {
        "image": f"{server.url}/a/x.png",
        "meta": {"url": f"{server.url}/a/y.png", "size": 1},
        "none": None,
        "again": f"{server.url}/a/x.png",
    }

    files_url_to_path(files)

    assert files["image"] == files["again"]
    assert Path(str(files["image"])).read_bytes() == DATA
    assert files["meta"] == {"path": files["meta"]["path"], "size": 1}  # type: ignore[index]
    assert files["none"] is None
    assert Path(str(files["image"])).is_relative_to(get_temp_path())
    assert server.counts == {"a/x.png": 1, "a/y.png": 1}


def test_only_one_field(server: FileServer):
    files = {"a": f"{server.url}/a/y.png", "b": "untouched"}

    files_url_to_path(files, coerce=lambda path: path.read_bytes(), file_field="a")

    assert files == {"a": b"y", "b": "untouched"}


def test_if_one_file_can_not_be_had_nothing_is_changed(server: FileServer):
    files = {"a": {"url": f"{server.url}/a/y.png"}, "b": f"{server.url}/nowhere"}
    before = {"a": dict(files["a"]), "b": files["b"]}  # type: ignore[arg-type]

    with pytest.raises(NotFoundError):
        files_url_to_path(files)

    assert files == before


def test_after_one_that_can_not_be_had_no_other_is_begun(server: FileServer):
    files = {"first": f"{server.url}/nowhere"}
    files |= {str(number): f"{server.url}/file?id={number}" for number in range(400)}

    with pytest.raises(NotFoundError):
        files_url_to_path(files)

    assert server.counts["file"] < 400


def test_one_object_may_be_there_twice(server: FileServer):
    unit = {"file": f"{server.url}/a/y.png", "more": {"a": {"url": f"{server.url}/a/y.png"}}}

    files_url_to_path_from_objs([unit, unit], ["file", "more"], lambda path: path.suffix, is_list=True)

    assert unit == {"file": ".png", "more": {"a": {"path": ".png"}}}


def test_files_of_objects_wherever_they_are_in_them(server: FileServer):
    url = f"{server.url}/a/y.png"
    objs = [
        {"file": url, "unit": {"files": {"a": url, "b": {"url": url}}}},
        {"unit": {"files": None}},
        {"other": 1},
    ]

    files_url_to_path_from_objs(objs, ["file", "unit.files"], coerce=lambda path: path.suffix, is_list=True)

    assert objs == [
        {"file": ".png", "unit": {"files": {"a": ".png", "b": {"path": ".png"}}}},
        {"unit": {"files": None}},
        {"other": 1},
    ]


def test_all_of_it_works_from_an_event_loop(server: FileServer, tmp_path: Path):
    async def fetch() -> tuple[Path, dict[str, object]]:
        files: dict[str, object] = {"a": f"{server.url}/a/x.png"}
        await afiles_url_to_path(files)
        sync: dict[str, object] = {"a": f"{server.url}/a/x.png"}
        files_url_to_path(sync)  # as an action does that is a coroutine itself
        assert sync == files
        return await adownload_file(f"{server.url}/a/y.png", tmp_path), files

    path, files = asyncio.run(fetch())

    assert path.read_bytes() == b"y"
    assert Path(str(files["a"])).read_bytes() == DATA


def test_the_folder_of_temporary_files_is_kept_small_and_no_other(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SYNAPSE_MAX_TEMP_FILES", "2")
    mine = tmp_path / "mine"
    for number in range(4):
        download_file(f"{server.url}/file?id={number}", mine)
        last = download_file(f"{server.url}/file?id={number}", get_temp_path("media"))

    assert len(list(mine.iterdir())) == 4
    kept = list(get_temp_path("media").iterdir())
    assert len(kept) == 2
    assert last in kept


def test_what_is_used_again_is_not_the_next_to_go(server: FileServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SYNAPSE_MAX_TEMP_FILES", "2")
    folder = get_temp_path("media")
    first, second = (download_file(f"{server.url}/file?id={number}", folder) for number in range(2))
    os.utime(first, (1000, 1000))
    os.utime(second, (2000, 2000))

    assert download_file(f"{server.url}/file?id=0", folder) == first
    third = download_file(f"{server.url}/file?id=2", folder)

    assert set(folder.iterdir()) == {first, third}
    assert server.counts["file"] == 3
