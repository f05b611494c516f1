"""Contents on their way from a server that cuts them, or that lies."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from synapse_sdk.clients.download import download_files
from synapse_sdk.clients.errors import ClientResponseIncompleteError
from synapse_sdk.clients.transport import Transport
from synapse_sdk.storage.errors import StorageError
from synapse_sdk.storage.pack import PackedContent, iter_pack
from synapse_sdk.workspace.manifest import Item


def make_item(path, data):
    return Item(path, len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")


@pytest.fixture
def serve():
    """Serve contents as a pack, each answer cut after so many bytes; return a transport and what it asked."""
    ended = []

    def start(contents, *, cut_after=None):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                skip = int(parse_qs(urlsplit(self.path).query)["skip"][0])
                asked.append(skip)
                packed = [
                    PackedContent(make_item("", data).digest, len(data), [data]) for data in contents[skip:]
                ]
                body = b"".join(iter_pack(packed))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if cut_after is None else body[:cut_after])
                self.close_connection = True

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        transport = Transport(f"http://127.0.0.1:{server.server_address[1]}")

        def end():
            transport.close()
            server.shutdown()
            thread.join()
            server.server_close()

        ended.append(end)
        return transport, asked

    yield start
    for end in ended:
        end()


def test_a_stream_that_breaks_is_taken_up_where_it_was(serve, tmp_path):
    contents = [bytes([number]) * 1000 for number in range(5)]
    transport, asked = serve(contents, cut_after=2500)
    items = [make_item(f"{number}.bin", data) for number, data in enumerate(contents)]

    download_files(transport, "archive/", [*items, make_item("again/0.bin", contents[0])], tmp_path)

    assert asked == [0, 2, 4]
    assert [(tmp_path / item.path).read_bytes() for item in items] == contents
    assert (tmp_path / "again/0.bin").read_bytes() == contents[0]


def test_a_stream_that_never_brings_anything_is_given_up(serve, tmp_path):
    transport, asked = serve([b"x" * 1000], cut_after=500)

    with pytest.raises(ClientResponseIncompleteError):
        download_files(transport, "archive/", [make_item("x", b"x" * 1000)], tmp_path)

    assert len(asked) == 4


@pytest.mark.parametrize("path", ["../out", "/etc/out", "a/../../out", "a\\..\\out"])
def test_nothing_is_written_outside(serve, tmp_path, path):
    transport, asked = serve([b"x"])
    folder = tmp_path / "folder"
    folder.mkdir()

    with pytest.raises(StorageError, match="would lie elsewhere"):
        download_files(transport, "archive/", [make_item(path, b"x")], folder)

    assert asked == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_contents_that_were_not_asked_for_are_refused(serve, tmp_path):
    transport, _ = serve([b"something else"])

    with pytest.raises(StorageError, match="which the manifest does not have"):
        download_files(transport, "archive/", [make_item("x", b"x")], tmp_path)
