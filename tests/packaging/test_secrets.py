"""The scan of whole files: encodings, sizes, binaries, archives, exceptions."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.manifest import ManifestFile, build_manifest
from synapse_sdk.packaging.contents import PlannedFile
from synapse_sdk.packaging.secrets import ScanReport, scan_files
from synapse_sdk.plugins.errors import ArchiveError
from tests.manifest.folders import write_files

# Put together here, so that this file does not hold one.
TOKEN = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0" + "P9o8N7m6L5k4J3i2"


def scan(folder: Path, files: dict[str, str | bytes], **options: Any) -> ScanReport:
    write_files(folder, files)
    manifest = build_manifest(folder)
    return scan_files([PlannedFile(file, folder) for file in manifest.files], **options)


def places(report: ScanReport) -> list[str]:
    return [finding.place for finding in report.findings]


def zipped(members: dict[str, str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_a_finding_names_file_and_line(tmp_path: Path):
    report = scan(tmp_path, {"plugin/a.py": f"import os\n\nTOKEN = '{TOKEN}'\n", "b.py": "x = 1\n"})

    assert [str(finding) for finding in report.findings] == ["plugin/a.py:3: GitHub token: ghp_…"]


def test_every_finding_is_listed(tmp_path: Path):
    report = scan(tmp_path, {"a.py": f"'{TOKEN}'\n'{TOKEN}'\n", "b.yaml": f"token: {TOKEN}\n"})

    assert places(report) == ["a.py:1", "a.py:2", "b.yaml:1"]


def test_a_file_full_of_secrets_is_listed_up_to_twenty(tmp_path: Path):
    report = scan(tmp_path, {"a.txt": f"{TOKEN}\n" * 5000})

    assert places(report) == [f"a.txt:{line}" for line in range(1, 21)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_is_read_in_its_encoding(tmp_path: Path, encoding: str):
    text = f"# settings of the server\n\ntoken = '{TOKEN}'\n"

    assert places(scan(tmp_path, {"a.ini": text.encode(encoding)})) == ["a.ini:3"]


def test_a_notebook_is_searched_in_code_and_output(tmp_path: Path):
    secret = "Qx7" + "Lm2Vb9Tz4Wk8Rj5Np3"
    cells = [{"source": [f'api_key = "{secret}"\n'], "outputs": [{"text": [f"Logged in as {TOKEN}\n"]}]}]

    report = scan(tmp_path, {"train.ipynb": json.dumps({"cells": cells}, indent=1)})

    assert {finding.kind for finding in report.findings} == {"secret in an assignment", "GitHub token"}


def test_a_binary_is_searched_for_tokens_and_has_no_lines(tmp_path: Path):
    data = b"\0\1\2" * 100 + pickle.dumps([TOKEN, "S3cret" + "!pass"])

    (finding,) = scan(tmp_path, {"model.pkl": data}).findings

    assert (finding.line, finding.kind) == (None, "GitHub token")
    assert finding.place == "model.pkl"
    assert f"at byte {data.index(TOKEN.encode()):,}" in finding.excerpt


@pytest.mark.parametrize("at", [0, 1_048_570, 1_048_576, 2_097_140, 3_000_000])
def test_a_secret_is_found_once_wherever_the_pieces_of_a_big_file_meet(tmp_path: Path, at: int):
    line = "a harmless line of text, sixty-four characters long, no more....\n"
    text = (line * 60_000)[:at]
    text += f"\n{TOKEN}\n" + line * 20_000

    assert places(scan(tmp_path, {"big.txt": text})) == [
        f"big.txt:{text[: text.index(TOKEN)].count(chr(10)) + 1}"
    ]


def test_a_line_of_many_megabytes_is_no_obstacle(tmp_path: Path):
    report = scan(tmp_path, {"data.json": '{"a": "' + "b c" * 2_000_000 + f'", "token": "{TOKEN}"' + "}"})

    assert places(report) == ["data.json:1"]


def test_memory_stays_bounded(tmp_path: Path):
    path = tmp_path / "weights.bin"
    with path.open("wb") as stream:
        stream.truncate(64 * 1024**2)
    (file,) = build_manifest(tmp_path).files

    tracemalloc.start()
    scan_files([PlannedFile(file, tmp_path)])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 8 * 1024**2


def test_an_archive_is_looked_into(tmp_path: Path):
    data = zipped({"pkg/__init__.py": "", "pkg/keys.py": f"\nKEY = '{TOKEN}'\n"})

    (finding,) = scan(tmp_path, {"wheels/a.zip": data}).findings

    assert str(finding) == "wheels/a.zip!pkg/keys.py:2: GitHub token: ghp_…"


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_looked_into(tmp_path: Path, compress: Callable[[bytes], bytes]):
    text = "started\n" * 2000 + f"using {TOKEN}\n" + "stopped\n" * 2000

    assert places(scan(tmp_path, {"log.z": compress(text.encode())})) == ["log.z:2001"]


def test_a_secret_in_an_archive_is_allowed_by_the_archives_name(tmp_path: Path):
    report = scan(tmp_path, {"a.zip": zipped({"b.py": TOKEN})}, allow=("a.zip",))

    assert report.findings == ()
    assert len(report.allowed) == 1


@pytest.mark.parametrize(
    "data", [zipped({"a.py": "x" * 5000})[:-40], gzip.compress(b"x" * 5000)[:-12]], ids=["zip", "gzip"]
)
def test_an_archive_that_can_not_be_unpacked_is_a_warning(tmp_path: Path, data: bytes):
    (warning,) = scan(tmp_path, {"broken.zip": data}).warnings

    assert warning.startswith("broken.zip could not be unpacked (")
    assert warning.endswith("; its contents were not scanned for secrets")


def test_a_bomb_ends_at_the_limit(tmp_path: Path):
    bomb = gzip.compress(bytes(8_000_000))

    (warning,) = scan(tmp_path, {"bomb.gz": bomb}, unpacked_limit_bytes=1_500_000).warnings

    assert warning == "bomb.gz unpacks to more than 1.5 MB; only so much of it was scanned for secrets"


def test_an_allowed_file_stops_nothing_and_is_still_told(tmp_path: Path):
    files: dict[str, str | bytes] = {"tests/fake.py": TOKEN, "plugin/real.py": TOKEN}

    report = scan(tmp_path, files, allow=("./tests/fake.py",))

    assert places(report) == ["plugin/real.py:1"]
    assert [finding.place for finding in report.allowed] == ["tests/fake.py:1"]


@pytest.mark.parametrize("allowed", ["plugin/b.py", "plugin", "fake.py", "plugin/*.py"])
def test_an_exception_that_excepts_nothing_is_an_error(tmp_path: Path, allowed: str):
    with pytest.raises(ArchiveError) as caught:
        scan(tmp_path, {"plugin/fake.py": TOKEN, "plugin/b.py": ""}, allow=(allowed,))

    assert caught.value.message == (
        f"--allow-secret {allowed}: nothing was found there. Secrets were found in plugin/fake.py."
    )


def test_a_file_that_changes_while_it_is_scanned_is_an_error(tmp_path: Path):
    write_files(tmp_path, {"a.py": "x = 2\n"})
    planned = ManifestFile("a.py", 0o644, 6, "sha256:of-other-bytes")

    with pytest.raises(ArchiveError, match=r"a\.py changed while it was being packed"):
        scan_files([PlannedFile(planned, tmp_path)])
