"""Points of one metric series side by side, as numbers in columns: how they are stored and summarised.

A point of a training run is four numbers. As an object and a row of its own each costs several times more
than the numbers do; a thousand of them in columns are packed, searched and summed by C.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from operator import lt
from typing import NamedTuple, Self


class PointColumns(NamedTuple):
    """Points of one series side by side. NaN is no number."""

    ordinals: Sequence[int]
    values: Sequence[float]
    epochs: Sequence[float]
    global_steps: Sequence[float]

    def join(self, following: Self) -> Self:
        """Return these points and others after them."""
        return type(self)(
            [*self.ordinals, *following.ordinals],
            [*self.values, *following.values],
            [*self.epochs, *following.epochs],
            [*self.global_steps, *following.global_steps],
        )

    def sort(self) -> Self:
        """Return the points by rising ordinal, each ordinal once: of several the first stays."""
        if all(map(lt, self.ordinals, islice(self.ordinals, 1, None))):
            return self  # as a series grows
        first: dict[int, tuple[float, ...]] = {}
        for ordinal, *numbers in zip(*self, strict=True):
            first.setdefault(ordinal, tuple(numbers))
        return self._of_rows([(ordinal, *first[ordinal]) for ordinal in sorted(first)])

    def without(self, ordinals: Collection[int]) -> Self | None:
        """Return the points but those of some ordinals; None when none is left."""
        if not ordinals:
            return self
        rows = [row for row in zip(*self, strict=True) if row[0] not in ordinals]
        return self._of_rows(rows) if rows else None

    @classmethod
    def _of_rows(cls, rows: Sequence[tuple[float, ...]]) -> Self:
        return cls(*zip(*rows, strict=True))


class PackedPoints(NamedTuple):
    """Columns as little-endian bytes, 8 a number."""

    first_ordinal: int
    last_ordinal: int
    #: None: all from the first to the last.
    ordinals_i64: bytes | None
    values_f64: bytes
    #: None: no point has one.
    epochs_f64: bytes | None
    global_steps_f64: bytes | None


class Summary(NamedTuple):
    """What stands for the points of one bucket. Numbers of the finite ones; None where there is none."""

    bucket: int
    point_count: int
    finite_count: int
    minimum: float | None
    maximum: float | None
    total: float
    last_ordinal: int
    #: Of its first point.
    epoch: float | None
    global_step: float | None


def pack_points(columns: PointColumns) -> PackedPoints:
    """Write points by rising ordinal as bytes; `unpack_ordinals` and `unpack_numbers` read them."""
    ordinals = columns.ordinals
    has_gaps = ordinals[-1] - ordinals[0] + 1 != len(ordinals)
    return PackedPoints(
        ordinals[0],
        ordinals[-1],
        struct.pack(f"<{len(ordinals)}q", *ordinals) if has_gaps else None,
        _pack_numbers(columns.values),
        _pack_any_numbers(columns.epochs),
        _pack_any_numbers(columns.global_steps),
    )


def unpack_ordinals(first: int, last: int, packed: bytes | None) -> Sequence[int]:
    """Read ordinals of packed points."""
    return range(first, last + 1) if packed is None else struct.unpack(f"<{len(packed) // 8}q", packed)


def unpack_numbers(packed: bytes | None, count: int) -> Sequence[float | None]:
    """Read a column of packed points; None where there is no number."""
    if packed is None:
        return [None] * count
    return [None if number != number else number for number in struct.unpack(f"<{count}d", packed)]


def summarise(columns: PointColumns, width: int) -> Iterator[Summary]:
    """Yield a summary for each bucket of `width` ordinals that has points here, in their order.

    Args:
        columns: Points by rising ordinal.
        width: Ordinals of a bucket.
    """
    ordinals, start = columns.ordinals, 0
    is_finite = all(map(math.isfinite, columns.values))
    while start < len(ordinals):
        index = ordinals[start] // width
        end = bisect_left(ordinals, (index + 1) * width, start)
        yield _summarise_range(columns, index, start, end, is_finite=is_finite)
        start = end


def _summarise_range(columns: PointColumns, index: int, start: int, end: int, *, is_finite: bool) -> Summary:
    values = columns.values[start:end]
    finite = values if is_finite else [value for value in values if math.isfinite(value)]
    return Summary(
        index,
        end - start,
        len(finite),
        min(finite, default=None),
        max(finite, default=None),
        sum(finite),
        columns.ordinals[end - 1],
        _or_none(columns.epochs[start]),
        _or_none(columns.global_steps[start]),
    )


def _pack_numbers(numbers: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}d", *numbers)


def _pack_any_numbers(numbers: Sequence[float]) -> bytes | None:
    return None if all(map(math.isnan, numbers)) else _pack_numbers(numbers)


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number
