"""Checksums of files, as lowercase hexadecimal digits.

Source: interface sheet `platform.md` §5. The default, MD5, is what the vendor's platform knows files by; it
protects from accidents, not from attackers.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import IO, Literal

__all__ = [
    "DEFAULT_CHUNK_SIZE",
    "HashAlgorithm",
    "calculate_checksum",
    "calculate_checksum_from_bytes",
    "calculate_checksum_from_file_object",
    "verify_checksum",
]

HashAlgorithm = Literal["md5", "sha1", "sha256", "sha512"]
#: Bytes that are read at once.
DEFAULT_CHUNK_SIZE = 1024 * 1024
#: Digits of a checksum → its algorithm.
_BY_LENGTH: dict[int, HashAlgorithm] = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def calculate_checksum(
    file_path: str | Path,
    algorithm: HashAlgorithm = "md5",
    *,
    chunk_size: int = DEFAULT_CHUNK_SIZE,
    prefix: str = "",
) -> str:
    """Return the checksum of a file, behind `prefix-` if one is given.

    Raises:
        FileNotFoundError: And what else the file's reading raises.
        ValueError: There is no such algorithm.
    """
    with Path(file_path).open("rb") as stream:
        return calculate_checksum_from_file_object(stream, algorithm, chunk_size=chunk_size, prefix=prefix)


def calculate_checksum_from_bytes(data: bytes, algorithm: HashAlgorithm = "md5", *, prefix: str = "") -> str:
    """Return the checksum of bytes, as `calculate_checksum` does."""
    return calculate_checksum_from_file_object(io.BytesIO(data), algorithm, prefix=prefix)


def calculate_checksum_from_file_object(
    file: IO[bytes],
    algorithm: HashAlgorithm = "md5",
    *,
    chunk_size: int = DEFAULT_CHUNK_SIZE,
    prefix: str = "",
) -> str:
    """Return the checksum of what is left to read of a file that is open, as `calculate_checksum` does."""
    total = hashlib.new(algorithm, usedforsecurity=False)
    while chunk := file.read(chunk_size):
        total.update(chunk)
    return f"{prefix}-{total.hexdigest()}" if prefix else total.hexdigest()


def verify_checksum(file_path: str | Path, expected: str, algorithm: HashAlgorithm | None = None) -> bool:
    """Say whether a file has a checksum, `prefix-digits` or the digits alone, whatever their case.

    Args:
        file_path: The file.
        expected: The checksum.
        algorithm: Its algorithm; told by its length unless given.

    Raises:
        ValueError: No algorithm has checksums of that length.
    """
    digits = expected.rpartition("-")[2].strip().lower()
    chosen = algorithm or _BY_LENGTH.get(len(digits))
    if chosen is None:
        known = ", ".join(_BY_LENGTH.values())
        raise ValueError(f"{expected!r} is no checksum: {len(digits)} digits are not those of {known}.")
    return calculate_checksum(file_path, chosen) == digits
