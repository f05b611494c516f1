"""Numbers with units."""

from __future__ import annotations

import pytest

from synapse_sdk._internal.units import count_of, format_size


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (48_123, "48.1 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (6_200_000, "6.2 MB"),
        (3 * 10**15, "3000.0 TB"),
    ],
)
def test_sizes_have_a_unit_and_sensible_digits(size_bytes: int, text: str):
    assert format_size(size_bytes) == text


def test_counts_agree_with_their_noun():
    assert count_of(1, "file") == "1 file"
    assert count_of(1797, "file") == "1,797 files"
    assert count_of(2, "entry", "entries") == "2 entries"
