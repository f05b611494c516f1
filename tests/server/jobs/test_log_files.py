"""Log files: appended by offset, read by line."""

from __future__ import annotations

import random

import pytest

from synapse_sdk.server.jobs.log_files import BLOCK_BYTES, CUT_MARK, LINE_LIMIT_BYTES, LogFile, LogGapError

PLENTY = 1 << 30


def _texts(log: LogFile, line: int = 0, *, with_unfinished: bool = False) -> list[str]:
    found = log.iter_lines(line, with_unfinished=with_unfinished, limit_bytes=PLENTY)
    return [item.text for item in found]


def test_bytes_are_appended_once_and_gaps_are_refused(tmp_path):
    log = LogFile(tmp_path / "new" / "stdout.log")
    assert log.append(0, b"one\ntw") == 6
    assert log.append(4, b"two\n") == 8
    assert log.append(0, b"one\n") == 8
    with pytest.raises(LogGapError) as caught:
        log.append(9, b"late")
    assert caught.value.size_bytes == 8
    assert log.read(0, 100) == b"one\ntwo\n"
    assert log.read(100, 10) == b""


def test_a_log_that_is_not_there_is_empty(tmp_path):
    log = LogFile(tmp_path / "stdout.log")
    assert (log.size_bytes(), log.count_lines(counts_unfinished=True), log.find_offset(5)) == (0, 0, 0)
    assert _texts(log) == []


def test_an_unfinished_line_waits_for_its_end(tmp_path):
    log = LogFile(tmp_path / "stdout.log")
    log.append(0, b"one\r\n\nthr")
    assert _texts(log) == ["one", ""]
    assert log.count_lines(counts_unfinished=False) == 2
    assert _texts(log, with_unfinished=True) == ["one", "", "thr"]
    assert log.count_lines(counts_unfinished=True) == 3


def test_long_lines_are_cut_and_marked_and_the_next_is_whole(tmp_path):
    log = LogFile(tmp_path / "stdout.log")
    log.append(0, b"x" * (3 * LINE_LIMIT_BYTES + 7) + b"\nnext\n")
    first, second = _texts(log)
    assert first == "x" * LINE_LIMIT_BYTES + CUT_MARK
    assert second == "next"


def test_what_is_not_utf8_is_shown_all_the_same(tmp_path):
    log = LogFile(tmp_path / "stdout.log")
    log.append(0, b"caf\xe9\n")
    assert _texts(log) == ["caf\ufffd"]


def test_lines_are_found_from_anywhere_while_the_log_grows(tmp_path):
    dice = random.Random(7)
    log = LogFile(tmp_path / "stdout.log")
    lines: list[str] = []
    for _ in range(6):
        fresh = [f"{len(lines) + index} " + "y" * dice.choice([0, 10, 3_000]) for index in range(200)]
        log.append(log.size_bytes(), "".join(f"{line}\n" for line in fresh).encode())
        lines += fresh
        for wanted in (0, 1, len(lines) // 2, len(lines) - 1):
            found = next(log.iter_lines(wanted, with_unfinished=False, limit_bytes=PLENTY))
            assert (found.number, found.text) == (wanted, lines[wanted])
        assert log.count_lines(counts_unfinished=False) == len(lines)
    assert log.size_bytes() > 3 * BLOCK_BYTES
    assert LogFile(tmp_path / "stdout.log").find_offset(len(lines)) == log.size_bytes()
    # An index that was torn off is made again.
    index = tmp_path / "stdout.log.lines"
    index.write_bytes(index.read_bytes()[:11])
    assert _texts(LogFile(tmp_path / "stdout.log"), 700) == lines[700:]


def test_a_line_end_at_the_end_of_a_block_begins_the_next_line_there(tmp_path):
    log = LogFile(tmp_path / "stdout.log")
    log.append(0, b"a" * (BLOCK_BYTES - 1) + b"\n" + b"b\nc\n")
    assert log.find_offset(1) == BLOCK_BYTES
    assert _texts(log, 1) == ["b", "c"]
    assert log.find_offset(99) == log.size_bytes()


def test_a_search_finds_what_reading_every_line_finds(tmp_path):
    dice = random.Random(3)
    log = LogFile(tmp_path / "stdout.log")
    lines = [
        f"{n} " + "z" * dice.choice([0, 5, 9_000]) + dice.choice(["", " needle", "ne"]) for n in range(900)
    ]
    lines[400] = "long " + "q" * 2_500_000 + " needle"
    log.append(0, "\n".join(lines).encode())
    wanted = [n for n, line in enumerate(lines) if "needle" in line and n != 400]

    found: list[int] = []
    line = 0
    while True:
        hits, following = log.search("needle", line, line_limit=50, with_unfinished=True, limit_bytes=300_000)
        found += [hit.number for hit in hits]
        if following == line:
            break
        line = following

    # The one beyond the cut of its line is not shown, so it is not found.
    assert found == wanted
    assert line == 900
