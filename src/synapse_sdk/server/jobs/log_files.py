"""Log files of attempts: appended by offset, read by line from anywhere.

Beside each log lies an index, a file of eight-byte numbers: how many lines end before the end of each block
of 64 KiB. A line is found by searching the index and reading one block, however long the log is.
"""

from __future__ import annotations

import os
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

BLOCK_BYTES = 64 * 1024
#: Longer lines are cut when they are shown.
LINE_LIMIT_BYTES = 64 * 1024
#: Texts of one answer, about.
ANSWER_LIMIT_BYTES = 4 * 1024 * 1024
_SEARCH_BYTES = 1024 * 1024
CUT_MARK = " … [cut]"


class LogGapError(Exception):
    """Bytes would begin behind the end of what is there."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"the log has {size_bytes} bytes")
        self.size_bytes = size_bytes


class Line(NamedTuple):
    """A line of a log, and where it lies."""

    number: int  # from 0
    text: str
    end_offset: int  # where the next one begins


class LogFile:
    """One stream's log. Appending and indexing are for one thread at a time; reading is free."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._index_path = path.with_name(path.name + ".lines")
        self._lock = threading.Lock()

    def size_bytes(self) -> int:
        """Return how much is there; 0 before the first byte."""
        with suppress(FileNotFoundError):
            return self._path.stat().st_size
        return 0

    def append(self, offset: int, data: bytes) -> int:
        """Append bytes that begin at `offset`, less what is there already; return the new size.

        On the disk when this returns. If the disk refuses, what was written of it is taken back.

        Raises:
            LogGapError: They begin behind the end.
        """
        with self._lock:
            size = self.size_bytes()
            if offset > size:
                raise LogGapError(size)
            fresh = data[size - offset :]
            if not fresh:
                return size
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with open(descriptor, "ab", buffering=0) as stream:
                try:
                    _write_all(stream.fileno(), fresh)
                    os.fdatasync(stream.fileno())
                except OSError:
                    os.ftruncate(stream.fileno(), size)
                    raise
            return size + len(fresh)

    def read(self, offset: int, limit_bytes: int) -> bytes:
        """Return bytes from `offset` on; none behind the end."""
        if offset >= self.size_bytes():
            return b""  # a file system refuses to go further than its files can be long
        try:
            with self._path.open("rb") as stream:
                stream.seek(offset)
                return stream.read(limit_bytes)
        except FileNotFoundError:
            return b""

    def count_lines(self, *, counts_unfinished: bool) -> int:
        """Return how many lines there are.

        Args:
            counts_unfinished: Count what stands after the last line end too, if anything does.
        """
        size = self.size_bytes()
        if size == 0:
            return 0
        index = self._load_index(size)
        rest = self.read(len(index) * BLOCK_BYTES, size - len(index) * BLOCK_BYTES)
        count = (index[-1] if index else 0) + rest.count(b"\n")
        if counts_unfinished and self.read(size - 1, 1) != b"\n":
            count += 1
        return count

    def find_offset(self, line: int) -> int:
        """Return where a line begins; the size of the log if it has fewer."""
        if line <= 0:
            return 0
        size = self.size_bytes()
        index = self._load_index(size)
        block = bisect_left(index, line)  # the first block in which `line` lines have ended
        passed = index[block - 1] if block else 0
        offset = block * BLOCK_BYTES
        while chunk := self.read(offset, BLOCK_BYTES):
            position = -1
            while passed < line and (position := chunk.find(b"\n", position + 1)) >= 0:
                passed += 1
            if passed == line:
                return offset + position + 1
            offset += len(chunk)
        return size

    def iter_lines(self, line: int, *, with_unfinished: bool, limit_bytes: int) -> Iterator[Line]:
        """Yield lines from a number on, without their ends, until so many bytes were read."""
        yield from self.iter_lines_at(
            self.find_offset(line), line, with_unfinished=with_unfinished, limit_bytes=limit_bytes
        )

    def iter_lines_at(
        self, offset: int, number: int, *, with_unfinished: bool, limit_bytes: int
    ) -> Iterator[Line]:
        """Yield lines from an offset on, at which the line of this number begins."""
        end = offset
        with suppress(FileNotFoundError), self._path.open("rb") as stream:
            stream.seek(offset)
            while end - offset < limit_bytes:
                raw = stream.readline(LINE_LIMIT_BYTES + 1)
                kept, length = raw, len(raw)
                while raw and not raw.endswith(b"\n"):
                    raw = stream.readline(LINE_LIMIT_BYTES)
                    length += len(raw)
                if not kept or (not kept.endswith(b"\n") and not raw and not with_unfinished):
                    return
                end += length
                yield Line(number, _to_text(kept, is_cut=length > len(kept)), end)
                number += 1

    def search(
        self, text: str, line: int, *, line_limit: int, with_unfinished: bool, limit_bytes: int
    ) -> tuple[list[Line], int]:
        """Return lines with `text` from a line on, and the line that a next search begins at.

        Looks at about `limit_bytes`, block by block: only lines that have it are taken apart.
        """
        needle, found = text.encode(), list[Line]()
        first = offset = self.find_offset(line)
        while offset - first < limit_bytes:
            chunk = self.read(offset, _SEARCH_BYTES)
            end = chunk.rfind(b"\n") + 1
            if end == 0:  # a line that is not finished, or longer than the chunk
                rest = self.iter_lines_at(offset, line, with_unfinished=with_unfinished, limit_bytes=1)
                if (item := next(rest, None)) is None:
                    break
                found += [item] if text in item.text else []
                line, offset = line + 1, item.end_offset
            else:
                line = _search_block(chunk[:end], needle, line, offset, line_limit, found)
                offset += end
            if len(found) >= line_limit:
                return found, found[-1].number + 1
            if sum(len(item.text) for item in found) > ANSWER_LIMIT_BYTES:
                break
        return found, line

    def _load_index(self, size: int) -> array[int]:
        """Return the index of all whole blocks; what it lacks is counted now and kept."""
        with self._lock:
            index: array[int] = array("Q")
            with suppress(FileNotFoundError):
                stored = self._index_path.read_bytes()
                index.frombytes(stored[: len(stored) // 8 * 8])
            known, wanted = len(index), size // BLOCK_BYTES
            for block in range(known, wanted):
                before = index[-1] if index else 0
                index.append(before + self.read(block * BLOCK_BYTES, BLOCK_BYTES).count(b"\n"))
            if wanted > known:
                with self._index_path.open("r+b" if known else "wb") as stream:
                    stream.seek(known * 8)
                    stream.write(index[known:].tobytes())
            return index


def _search_block(
    block: bytes, needle: bytes, line: int, offset: int, line_limit: int, found: list[Line]
) -> int:
    """Add the lines with `needle` of a block of whole lines to `found`; return the line behind the block."""
    counted = 0
    while len(found) < line_limit and (hit := block.find(needle, counted)) >= 0:
        start, end = block.rfind(b"\n", 0, hit) + 1, block.find(b"\n", hit) + 1
        line += block.count(b"\n", counted, start)
        raw = block[start:end]
        found.append(Line(line, _to_text(raw, is_cut=len(raw) > LINE_LIMIT_BYTES + 1), offset + end))
        line, counted = line + 1, end
    return line + block.count(b"\n", counted)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _to_text(raw: bytes, *, is_cut: bool) -> str:
    text = raw[:LINE_LIMIT_BYTES].decode("utf-8", "replace") if is_cut else raw.decode("utf-8", "replace")
    return text + CUT_MARK if is_cut else text.removesuffix("\n").removesuffix("\r")
