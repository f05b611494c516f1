"""Publishing on a bad day: the line breaks, the requirements can not be met."""

from __future__ import annotations

import random
import socket
from contextlib import closing
from pathlib import Path

import pytest

from synapse_sdk._internal.digests import digest_bytes, digest_file
from synapse_sdk.clients.transport import Transport
from synapse_sdk.storage.pack import PACK_MEDIA_TYPE, PackedContent, iter_pack
from synapse_sdk.storage.pack_folder import check_pack_file
from tests.cli_process import Synapse
from tests.cutting_proxy import CuttingProxy
from tests.journeys.platform import write_plugin_at
from tests.server_process import ServerProcess, wait_until

#: A release of one large file, which travels in parts, and of many small ones, which travel together.
LARGE_BYTES = 6_000_000
SMALL_BYTES = 100_000
SMALL_COUNT = 40


def write_heavy_plugin(folder: Path) -> dict[str, Path]:
    """Write a plugin with contents that do not compress; return them by their path in the release."""
    write_plugin_at(folder)
    source = random.Random(7)
    sizes = {"weights.bin": LARGE_BYTES} | {
        f"tables/{index:02}.bin": SMALL_BYTES for index in range(SMALL_COUNT)
    }
    for name, size in sizes.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source.randbytes(size))
    return {name: folder / name for name in sizes}


def test_an_upload_that_is_cut_at_every_tenth_goes_on_until_the_release_is_there(
    synapse: Synapse, bare_server: ServerProcess, tmp_path: Path
):
    files = write_heavy_plugin(tmp_path / "plugin")
    total = LARGE_BYTES + SMALL_BYTES * SMALL_COUNT
    token = bare_server.log_in()
    token_file = tmp_path / "token"
    token_file.write_text(token)
    releases = ("release", "list", "demo", "--json")
    with CuttingProxy(bare_server.url, budget_bytes=total // 10) as line:
        words = ("plugin", "publish", "--yes", "--host", line.url, "--token-file", token_file)
        for tenths in (3, 7):
            line.limit_bytes = total * tenths // 10
            answer = synapse(*words, cwd=tmp_path / "plugin", timeout_s=120)
            # A line that stays broken is not a mistake of who publishes; and half a release is none.
            assert answer.returncode == 3, answer
            assert line.url in answer.stderr, answer
            assert synapse(*releases).json()["releases"] == []
        line.limit_bytes = None
        answer = synapse(*words, cwd=tmp_path / "plugin", timeout_s=120)

    assert answer.returncode == 0, answer
    assert line.cut_count >= 10
    # What had arrived was not sent again: the rest is headers, and the content that each cut fell into.
    assert line.passed_bytes < total * 1.5
    assert "Published" in answer.stderr
    [release] = synapse(*releases).json()["releases"]
    listed = synapse("release", "show", f"demo@{release['version']}", "--json").json()["files"]
    digests = {item["path"]: item["digest"] for item in listed}
    assert {name: digests[name] for name in files} == {
        name: digest_file(path)[0] for name, path in files.items()
    }


@pytest.mark.parametrize(
    ("requirements", "line", "reason"),
    [
        ("packaging\n\npackaging==999.0  # not yet\n", 3, "there is no version of packaging==999.0"),
        ("packaging>=24\npackaging<20\n", 2, "packaging"),
    ],
)
def test_requirements_that_nobody_can_meet_name_their_line_and_the_resolvers_reason(
    synapse: Synapse, bare_server: ServerProcess, tmp_path: Path, requirements: str, line: int, reason: str
):
    plugin = write_plugin_at(tmp_path / "plugin", requirements=requirements)
    bare_server.log_in()

    answer = synapse("plugin", "publish", "--yes", cwd=plugin, timeout_s=180)

    assert answer.returncode == 2, answer
    assert f"requirements.txt:{line}" in answer.stderr
    assert reason in answer.stderr
    assert "Traceback" not in answer.stderr
    assert synapse("release", "list", "demo", "--json").json()["releases"] == []


def test_a_server_that_is_killed_while_contents_come_has_all_of_one_or_nothing(bare_server: ServerProcess):
    contents = [random.Random(number).randbytes(3_000_000) for number in range(3)]
    pack = b"".join(iter_pack(PackedContent(digest_bytes(data), len(data), [data]) for data in contents))
    token = bare_server.log_in()
    packs = bare_server.data_dir / "packs"
    head = f"POST /blobs/pack/ HTTP/1.1\r\nHost: 127.0.0.1\r\nSynapse-Access-Token: Token {token}\r\n"
    head += f"Content-Length: {len(pack)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", bare_server.port)) as line:
        line.sendall(head.encode() + pack[:8_000_000])
        wait_until(lambda: any(file.stat().st_size for file in packs.glob(".*.partial")), "a part of it")
        bare_server.kill()
    bare_server.start()

    asked = {"blobs": [{"digest": digest_bytes(data), "size_bytes": len(data)} for data in contents]}
    missing = [entry["digest"] for entry in asked["blobs"]]
    with closing(Transport(bare_server.url, token)) as server:
        assert server.post("blobs/missing/", json=asked)["missing"] == missing
        assert list(packs.glob("*.pack")) == []
        headers = {"Content-Type": PACK_MEDIA_TYPE}
        assert server.post("blobs/pack/", content=pack, headers=headers) == {"stored": 3}
    bare_server.kill()
    bare_server.start()
    with closing(Transport(bare_server.url, token)) as server:
        assert server.post("blobs/missing/", json=asked)["missing"] == []
    (kept,) = packs.glob("*.pack")
    check_pack_file(kept)
