"""Packs: many contents in one stream, torn anywhere, lied to in every way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from synapse_sdk.storage.pack import (
    MAX_HEADER_BYTES,
    ContentBegins,
    ContentEnds,
    PackDecoder,
    PackedContent,
    PackedContentTooLargeError,
    PackError,
    iter_pack,
    pack_size_bytes,
    read_pack,
)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def packed(*contents: bytes) -> bytes:
    return b"".join(iter_pack([PackedContent(digest_of(data), len(data), [data]) for data in contents]))


def unpacked(stream: Iterable[bytes], *, into: list[bytes] | None = None) -> list[bytes]:
    whole = [] if into is None else into
    for content in read_pack(stream):
        data = b"".join(content.chunks)
        assert (digest_of(data), len(data)) == (content.digest, content.size_bytes)
        whole.append(data)
    return whole


CONTENTS = (b"first", b"", b"with\nnewlines \x00\xff", b"x" * 3000)


@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 65, 4096])
def test_what_was_packed_comes_out_whatever_the_pieces_are(piece_bytes: int) -> None:
    data = packed(*CONTENTS)
    pieces = [data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)]

    assert unpacked(pieces) == list(CONTENTS)


def test_a_pack_looks_as_it_is_documented() -> None:
    assert packed(b"hello") == hashlib.sha256(b"hello").hexdigest().encode() + b" 5\nhello"


def test_nothing_is_a_pack_of_nothing() -> None:
    assert unpacked([]) == unpacked([b"", b""]) == []
    assert list(iter_pack([])) == []


def test_the_length_is_known_before() -> None:
    entries = [(digest_of(data), len(data)) for data in CONTENTS]

    assert pack_size_bytes(entries) == len(packed(*CONTENTS))


def test_a_stream_cut_anywhere_gives_what_came_whole_and_says_that_it_is_torn() -> None:
    data = packed(*CONTENTS[:3])
    # A pack has no trailer: where one content ends, the whole may end.
    good_ends = {len(packed(*CONTENTS[:count])) for count in range(4)}
    for end in range(len(data)):
        whole: list[bytes] = []
        if end in good_ends:
            unpacked([data[:end]], into=whole)
        else:
            with pytest.raises(PackError, match="was cut") as caught:
                unpacked([data[:end]], into=whole)
            assert caught.value.details["whole_count"] == len(whole)
        assert whole == list(CONTENTS[: len(whole)])


def test_other_bytes_than_the_header_says_are_found() -> None:
    data = packed(b"first", b"second")[:-1] + b"!"
    whole: list[bytes] = []

    with pytest.raises(PackError, match="What came as sha256:") as caught:
        unpacked([data], into=whole)

    assert whole == [b"first"]
    assert caught.value.details == {"whole_count": 1}


def test_a_content_that_nobody_reads_is_checked_all_the_same() -> None:
    good = packed(b"first", b"second")

    assert [content.size_bytes for content in read_pack([good])] == [5, 6]
    with pytest.raises(PackError, match="What came as"):
        list(read_pack([good.replace(b"first", b"frist")]))


def test_a_content_of_which_only_the_begin_is_read_is_passed_over() -> None:
    contents = read_pack([bytes([byte]) for byte in packed(b"first", b"second")])

    assert next(next(contents).chunks) == b"f"
    assert b"".join(next(contents).chunks) == b"second"


HEX = b"0" * 64


@pytest.mark.parametrize(
    "header",
    [
        HEX + b" -1\n",
        HEX + b" +1\n",
        HEX + b" 01\n",
        HEX + b" 1_0\n",
        HEX + b" \n",
        HEX + b"  1\n",
        HEX + b" 1 \n",
        HEX + b" 1\r\n",
        HEX + b" " + b"9" * 20 + b"\n",
        HEX[:-1] + b" 1\n",
        b"A" * 64 + b" 1\n",
        b"sha256:" + HEX + b" 1\n",
        HEX + "\N{ARABIC-INDIC DIGIT ONE}\n".encode(),
        b"\n",
        b"<!doctype html>\n",
    ],
)
def test_a_header_is_a_digest_and_a_size_and_nothing_else(header: bytes) -> None:
    with pytest.raises(PackError, match="Not a pack"):
        unpacked([header + b"x"])


@pytest.mark.parametrize("piece_bytes", [1, 1 << 20])
def test_a_header_without_end_is_refused_before_it_fills_the_memory(piece_bytes: int) -> None:
    read_bytes = 0

    def endless() -> Iterator[bytes]:
        nonlocal read_bytes
        while True:
            read_bytes += piece_bytes
            yield b"a" * piece_bytes

    with pytest.raises(PackError, match="Not a pack"):
        unpacked(endless())

    assert read_bytes <= max(piece_bytes, MAX_HEADER_BYTES + 1)


def test_a_content_over_the_limit_is_refused_by_its_header() -> None:
    with pytest.raises(PackedContentTooLargeError, match="is the most") as caught:
        list(read_pack([HEX + b" 11\n"], max_content_bytes=10))

    assert caught.value.details["limit_bytes"] == 10
    assert len(list(read_pack([packed(b"0123456789")], max_content_bytes=10))) == 1


def test_a_file_is_opened_in_its_turn_and_sent_in_blocks(tmp_path: Path) -> None:
    late, data = tmp_path / "late", b"0123456789abcdef" * 200_000

    def contents() -> Iterator[PackedContent]:
        yield PackedContent(digest_of(b"small"), 5, [b"sm", b"all"])
        late.write_bytes(data)
        yield PackedContent(digest_of(data), len(data), late)

    blocks = list(iter_pack(contents()))

    assert max(len(block) for block in blocks) < 3 << 20
    assert unpacked(blocks) == [b"small", data]


@pytest.mark.parametrize(
    ("found", "direction"), [(b"hello, world", "more"), (b"hell", "fewer"), (b"", "fewer")]
)
def test_a_file_that_changed_its_size_is_not_packed(tmp_path: Path, found: bytes, direction: str) -> None:
    path = tmp_path / "changing"
    path.write_bytes(found)

    with pytest.raises(PackError, match=f"has {direction} bytes than the 5"):
        list(iter_pack([PackedContent(digest_of(b"hello"), 5, path)]))


def test_only_real_digests_are_written() -> None:
    with pytest.raises(PackError, match="Not a digest"):
        list(iter_pack([PackedContent("sha256:abc", 0, [])]))


def test_a_decoder_takes_what_it_is_handed_and_blocks_nobody() -> None:
    decoder, data = PackDecoder(), packed(b"hello", b"")
    hello, empty = (digest_of(b"hello"), 5), (digest_of(b""), 0)

    assert list(decoder.feed(data[:60])) == []
    assert list(decoder.feed(data[60:69])) == [ContentBegins(*hello), b"he"]
    assert list(decoder.feed(data[69:])) == [
        b"llo",
        ContentEnds(*hello, 67),
        ContentBegins(*empty),
        ContentEnds(*empty, 139),
    ]
    decoder.finish()
    assert decoder.whole_count == 2


@pytest.mark.parametrize("size", [1, 3, 66, 67, 68, 100, 1000])
def test_who_keeps_a_pack_learns_where_its_contents_lie(size: int) -> None:
    contents = (b"hello", b"", b"x" * 200, b"end")
    decoder, data = PackDecoder(), packed(*contents)

    pieces = (data[start : start + size] for start in range(0, len(data), size))
    found = [content for piece in pieces for content in decoder.check(piece)]

    assert [data[one.offset : one.offset + one.size_bytes] for one in found] == list(contents)
    assert [one.digest for one in found] == [digest_of(content) for content in contents]
    decoder.finish()
