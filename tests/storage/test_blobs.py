"""Bytes under their own digest."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from synapse_sdk.storage.blobs import BlobStore
from synapse_sdk.storage.errors import BlobNotFoundError, StorageError


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_stored_file_is_found_under_the_digest_of_its_bytes(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")

    blob = store.put_file(write(tmp_path / "best.pt", b"weights"))

    assert (blob.digest, blob.size_bytes) == (digest_of(b"weights"), 7)
    assert store.get(blob.digest).read_bytes() == b"weights"


def test_it_lies_two_digits_deep_and_is_read_only(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")

    path = store.get(store.put_file(write(tmp_path / "best.pt", b"weights")).digest)

    digits = hashlib.sha256(b"weights").hexdigest()
    assert path == tmp_path / "blobs" / "sha256" / digits[:2] / digits[2:]
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0


def test_the_same_bytes_are_stored_once(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")

    first = store.put_file(write(tmp_path / "one.pt", b"weights"))
    second = store.put_file(write(tmp_path / "two.pt", b"weights"))

    assert first == second
    assert len(files_below(tmp_path / "blobs")) == 1


def test_a_damaged_blob_is_mended_by_storing_its_bytes_again(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")
    source = write(tmp_path / "best.pt", b"weights")
    path = store.get(store.put_file(source).digest)
    path.chmod(0o644)
    path.write_bytes(b"wEights")

    store.put_file(source)

    assert path.read_bytes() == b"weights"


def test_an_unknown_digest_is_not_found(tmp_path: Path):
    store = BlobStore(tmp_path / "blobs")

    assert store.find(digest_of(b"never stored")) is None
    with pytest.raises(BlobNotFoundError, match="There is no blob sha256:"):
        store.get(digest_of(b"never stored"))


@pytest.mark.parametrize("digest", ["sha256:../../etc/passwd", "md5:" + "0" * 64, "sha256:" + "0" * 63, ""])
def test_what_is_no_digest_never_becomes_a_path(tmp_path: Path, digest: str):
    with pytest.raises(StorageError, match="Not a digest"):
        BlobStore(tmp_path).find(digest)


def test_what_a_killed_process_left_a_day_ago_is_removed_and_fresh_work_of_others_is_not(tmp_path: Path):
    root = tmp_path / "blobs"
    root.mkdir()
    abandoned, fresh = write(root / ".1-aa.partial", b"half"), write(root / ".2-bb.partial", b"half")
    two_days_ago = fresh.stat().st_mtime - 2 * 24 * 3600
    os.utime(abandoned, (two_days_ago, two_days_ago))

    BlobStore(root).put_file(write(tmp_path / "best.pt", b"weights"))

    assert not abandoned.exists()
    assert fresh.exists()


STORE_WITH_A_LIMIT = """
import resource, sys
from pathlib import Path
from synapse_sdk.storage.blobs import BlobStore
from synapse_sdk.storage.errors import DiskFullError

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    BlobStore(Path(sys.argv[1])).put_file(Path(sys.argv[2]))
except DiskFullError as error:
    print(error.message, error.hint, error.details["needed_bytes"], sep="\\n")
"""


def test_a_full_disk_leaves_nothing_and_says_how_much_room_is_needed(tmp_path: Path):
    source = write(tmp_path / "best.pt", b"x" * 6_200_000)

    child = subprocess.run(
        [sys.executable, "-c", STORE_WITH_A_LIMIT, tmp_path / "blobs", source],
        capture_output=True,
        text=True,
        check=True,
    )

    message, hint, needed_bytes = child.stdout.splitlines()
    assert message == (
        f"There is no room for 6.2 MB in {tmp_path / 'blobs'}: File too large. Nothing was saved."
    )
    assert hint == "This process may write files of 100.0 kB at most; raise that with: ulimit -f"
    assert needed_bytes == "6200000"
    assert files_below(tmp_path / "blobs") == []
