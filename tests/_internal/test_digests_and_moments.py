"""Digests, moments, and what a stream can show."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk._internal.digests import CHUNK_BYTES, digest_bytes, digest_file
from synapse_sdk._internal.machine import count_cpus, count_gpus
from synapse_sdk._internal.terminal import is_terminal, supports_colour

#: SHA-256 of nothing and of "abc". Source: FIPS 180-4 test vectors.
NOTHING = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(("data", "digest"), [(b"", NOTHING), (b"abc", ABC)])
def test_digests_are_those_of_the_standard(tmp_path: Path, data: bytes, digest: str):
    (tmp_path / "file").write_bytes(data)

    assert digest_bytes(data) == digest
    assert digest_file(tmp_path / "file") == (digest, len(data))


@pytest.mark.parametrize("size", [CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_a_large_file_has_the_digest_of_its_bytes(tmp_path: Path, size: int):
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)

    assert digest_file(tmp_path / "file") == (digest_bytes(data), size)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5, minutes=-30))])))
def test_a_moment_is_written_in_utc_with_microseconds_and_reads_back(moment: datetime):
    text = iso_z(moment)

    assert len(text) == len("2026-12-01T09:30:15.000123Z")
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == moment


def test_now_is_aware():
    assert utc_now().utcoffset() == timedelta(0)


def test_a_machine_has_a_processor_and_counts_its_gpus():
    assert 1 <= count_cpus() <= (os.cpu_count() or 1)
    assert count_gpus() >= 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "live", "colour"),
    [
        (Terminal(), {"TERM": "xterm"}, True, True),
        (Terminal(), {"TERM": "dumb"}, False, False),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        (io.StringIO(), {"TERM": "xterm"}, False, False),
    ],
)
def test_what_a_stream_can_show(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, environ: dict[str, str], live: bool, colour: bool
):
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert (is_terminal(stream), supports_colour(stream)) == (live, colour)
