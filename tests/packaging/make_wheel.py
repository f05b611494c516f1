"""Real wheels, sound or with one chosen fault."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from io import BytesIO


def make_wheel(
    name: str = "tiny",
    version: str = "1.0",
    *,
    members: Mapping[str, bytes] | None = None,
    without: tuple[str, ...] = (),
    record: Mapping[str, str] | None = None,
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """Build the bytes of NAME-VERSION-py3-none-any.whl.

    Args:
        members: More files, or others in place of the usual ones; all are recorded with their true hash.
        without: Members that are missing, RECORD's rows for them included.
        record: What RECORD claims as the hash of a member, in place of the true one; "" claims nothing.
    """
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": b"ANSWER = 42\n" * 20,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText.\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(members or {}),
    }
    hashes = {path: record_hash(data) for path, data in files.items()} | dict(record or {})
    rows = [
        f"{path},{hashed},{len(files.get(path, b''))}"
        for path, hashed in hashes.items()
        if path not in without
    ]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for path, data in files.items():
            if path not in without:
                # A time of its own, so that the same wheel has the same bytes whenever it is made.
                entry = zipfile.ZipInfo(path, date_time=(2020, 1, 1, 0, 0, 0))
                entry.compress_type = compression
                archive.writestr(entry, data)
    return buffer.getvalue()


def record_hash(data: bytes, algorithm: str = "sha256") -> str:
    """Return a hash as RECORD writes it."""
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
    return f"{algorithm}={digest}"
