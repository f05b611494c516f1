"""Publishing on a bad day: the line breaks, the requirements can not be met."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from synapse_sdk._internal.digests import digest_file
from tests.cli_process import Synapse
from tests.cutting_proxy import CuttingProxy
from tests.journeys.platform import write_plugin_at
from tests.server_process import ServerProcess

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
