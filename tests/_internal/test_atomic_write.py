"""Whole files or none, through a real limit on what a process may write."""

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from synapse_sdk._internal.atomic_write import atomic_write, temporary_sibling


def test_a_file_is_replaced_whole(tmp_path: Path):
    file = tmp_path / "a.json"
    file.write_bytes(b"old")

    atomic_write(file, b"new")

    assert file.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_secret_is_never_readable_by_others(tmp_path: Path):
    atomic_write(tmp_path / "token", b"s", mode=0o600)

    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path):
    (tmp_path / "a.bin").write_bytes(b"old")
    script = (
        "import signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from synapse_sdk._internal.atomic_write import atomic_write\n"
        "atomic_write(Path(sys.argv[1]), bytes(100_000))\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a.bin"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )

    assert "File too large" in ended.stderr
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_a_missing_folder_is_an_error_of_the_caller(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "nowhere/a", b"")


def test_a_temporary_sibling_is_private_and_looks_unfinished(tmp_path: Path):
    folder = temporary_sibling(tmp_path, label="record")

    assert folder.parent == tmp_path
    assert folder.name.startswith(".record-")
    assert folder.name.endswith(".partial")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
