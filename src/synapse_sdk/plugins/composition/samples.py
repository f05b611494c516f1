"""Values that come out of a shape, each with what is to be given for it."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from synapse_sdk.plugins.composition.shapes import (
    Anything,
    Atom,
    Choice,
    Either,
    Many,
    Opaque,
    Real,
    Record,
    Row,
    Shape,
    Slot,
    Table,
    Tagged,
    Text,
    Whole,
    as_source,
)

#: Models inside of models that are gone into, to find one that ends.
DEPTH_LIMIT = 6
#: How many values of one shape are looked at.
SAMPLE_LIMIT = 24
#: Items and characters of a value that is made up.
SIZE_LIMIT = 20_000
#: What may stand where anything may.
ANYTHING: tuple[Any, ...] = (None, "text", 1, -1, 0.5, True, [], {}, "", b"\xff")
_ATOMS: Mapping[str, tuple[Any, ...]] = {
    "date": (dt.date(2020, 2, 29), dt.date(1, 1, 1)),
    "datetime": (dt.datetime(2020, 2, 29, 12, 30), dt.datetime(2020, 2, 29, 12, 30, tzinfo=dt.UTC)),  # noqa: DTZ001
    "time": (dt.time(12, 30), dt.time(12, 30, tzinfo=dt.UTC)),
    "timedelta": (dt.timedelta(seconds=1), dt.timedelta(days=-1)),
    "uuid": (uuid.UUID("12345678-1234-4678-9234-567812345678"), uuid.UUID(int=0)),
    "decimal": (Decimal("0.5"), Decimal(-1), Decimal(1), Decimal("NaN")),
    "bytes": (b"\xff", b""),
}


#: Stands for what is not given, so that a default comes out.
OMITTED: Any = object()


@dataclass(frozen=True, slots=True)
class Sample:
    """A value: as it is given to its model, and as it comes out of there."""

    given: Any
    dumped: Any

    @classmethod
    def of(cls, value: Any) -> Sample:
        """Return one that comes out as it is given."""
        return cls(value, value)

    @classmethod
    def of_choice(cls, choice: Choice, value: Any) -> Sample:
        """Return one of the values of a choice."""
        return cls(OMITTED if choice.is_default else value, value)


def find_samples(shape: Shape, depth: int = DEPTH_LIMIT) -> list[Sample]:
    """Return some values of a shape, the simplest first; none where none can be made up."""
    return list(islice(_iter_samples(as_source(shape), depth), SAMPLE_LIMIT))


def find_first(shape: Shape, depth: int = DEPTH_LIMIT) -> Sample | None:
    """Return the simplest value of a shape."""
    return next(_iter_samples(as_source(shape), depth), None)


def _iter_samples(shape: Shape, depth: int) -> Iterator[Sample]:
    if depth <= 0:
        return
    if isinstance(shape, Choice):
        yield from (Sample.of_choice(shape, value) for value in shape.values)
    elif isinstance(shape, Anything):
        yield from map(Sample.of, ANYTHING)
    elif isinstance(shape, Whole | Real | Text | Atom):
        yield from (Sample.of(value) for value in _iter_scalars(shape) if shape.check.takes(value))
    elif isinstance(shape, Either):
        yield from _take_turns([_iter_samples(as_source(option), depth) for option in shape.options])
    elif isinstance(shape, Tagged):
        yield from _take_turns([_iter_samples(as_source(item), depth) for item in shape.options.values()])
    elif isinstance(shape, Record):
        yield from _iter_records(shape, depth - 1)
    elif not isinstance(shape, Opaque):
        yield from _iter_containers(shape, depth - 1)


def _take_turns(sources: list[Iterator[Sample]]) -> Iterator[Sample]:
    while sources:
        for source in list(sources):
            sample = next(source, None)
            if sample is None:
                sources.remove(source)
            else:
                yield sample


def _iter_scalars(shape: Shape) -> Iterator[Any]:
    if isinstance(shape, Whole):
        yield from iter_wholes(shape, (1, 0))
    elif isinstance(shape, Real):
        yield from iter_reals(shape, (0.5, 0.0))
    elif isinstance(shape, Text):
        for size in dict.fromkeys((max(shape.low, 1), shape.low, shape.high or 0)):
            yield from iter_texts(shape, size)
    elif isinstance(shape, Atom):
        kind = shape.rules.get("cls")
        yield from (kind("some/path"), kind("")) if kind else _ATOMS[shape.name]


def iter_wholes(shape: Whole, near: Iterable[int]) -> Iterator[int]:
    """Yield numbers of a shape about some places and about its bounds."""
    step = shape.multiple_of
    for place in (*near, shape.low, shape.high):
        for number in (place // step, place // step + 1, place // step - 1):
            if shape.low <= number * step <= shape.high:
                yield number * step


def iter_reals(shape: Real, near: Iterable[float]) -> Iterator[float]:
    """Yield floats of a shape about some places, about its bounds, and those that are no number."""
    places = [*near, shape.low, shape.high, *(1.5, -1.5)]
    if math.isfinite(shape.low + shape.high):
        places.append(shape.low + (shape.high - shape.low) * 0.4375)
    for place in places:
        for number in (place, math.nextafter(place, math.inf), math.nextafter(place, -math.inf)):
            if shape.low <= number <= shape.high:
                yield number
    if shape.has_nan:
        yield math.nan


def iter_texts(shape: Text, size: int) -> Iterator[str]:
    """Yield texts of so many characters: letters, digits, blanks."""
    if shape.low <= size <= (SIZE_LIMIT if shape.high is None else min(shape.high, SIZE_LIMIT)):
        for character in ("a", "0", "Z", "-", " ", "é", "\n"):
            if shape.is_stripped and character.isspace() and size:
                continue
            yield character * size


def _iter_records(shape: Record, depth: int) -> Iterator[Sample]:
    """Yield a record of the first values of all fields, then others that differ in one field each."""
    firsts: dict[str, Sample] = {}
    for slot in shape.slots:
        if slot.keys == ():
            continue
        first = find_first(slot.shape, depth)
        if slot.keys is None or first is None:
            return
        firsts[slot.name] = first
    yield join_fields(shape, firsts)
    for slot in shape.slots:
        for other in find_samples(slot.shape, depth)[1:] if slot.keys else ():
            yield join_fields(shape, {**firsts, slot.name: other})


def join_fields(
    shape: Record, fields: Mapping[str, Sample], extra: Mapping[str, Any] | None = None
) -> Sample:
    """Return a record of these fields, by their Python names."""
    slots = [slot for slot in shape.slots if slot.name in fields]
    given = {(slot.keys or (slot.name,))[0]: fields[slot.name].given for slot in slots}
    given = {key: value for key, value in given.items() if value is not OMITTED}
    dumped = {slot.name: fields[slot.name].dumped for slot in slots if slot.comes_out}
    return Sample({**given, **(extra or {})}, {**dumped, **(extra or {})})


def replace_field(shape: Record, slot: Slot, sample: Sample) -> Sample | None:
    """Return a record with one field of this value, the others the simplest; None if it can not be made."""
    fields = {}
    for other in shape.slots:
        if other.keys == ():
            continue
        found = sample if other is slot else find_first(other.shape)
        if found is None or other.keys is None:
            return None
        fields[other.name] = found
    return join_fields(shape, fields)


def _iter_containers(shape: Shape, depth: int) -> Iterator[Sample]:
    if isinstance(shape, Row):
        yield from _iter_rows([find_samples(item, depth) for item in shape.items])
    elif isinstance(shape, Many | Table):
        sizes = [max(shape.low, 1), shape.low, shape.low + 1, shape.high or 0]
        for size in dict.fromkeys(sizes):
            if (sample := make_sized(shape, size, depth)) is not None:
                yield sample
        if isinstance(shape, Many):
            for item in find_samples(shape.item, depth)[1:]:
                if (sample := hold_item(shape, item, depth)) is not None:
                    yield sample
        else:
            for value in find_samples(shape.value, depth)[1:]:
                if (sample := hold_entry(shape, None, value, depth)) is not None:
                    yield sample


def _iter_rows(items: list[list[Sample]]) -> Iterator[Sample]:
    if all(items):
        firsts = [samples[0] for samples in items]
        yield _row(firsts)
        for place, samples in enumerate(items):
            for other in samples[1:]:
                yield _row([*firsts[:place], other, *firsts[place + 1 :]])


def _row(items: list[Sample]) -> Sample:
    return Sample(tuple(item.given for item in items), tuple(item.dumped for item in items))


def replace_item(shape: Row, place: int, sample: Sample) -> Sample | None:
    """Return a tuple with one item of this value, the others the simplest; None if it can not be made."""
    items = [sample if other == place else find_first(item) for other, item in enumerate(shape.items)]
    return _row([item for item in items if item]) if all(items) else None


def make_sized(shape: Many | Table, size: int, depth: int = DEPTH_LIMIT) -> Sample | None:
    """Return a container of so many items; None if it can not be made."""
    if not shape.low <= size <= (SIZE_LIMIT if shape.high is None else min(shape.high, SIZE_LIMIT)):
        return None
    if isinstance(shape, Table):
        keys = find_distinct(shape.key, size, depth)
        value = find_first(shape.value, depth)
        if keys is None or (value is None and size):
            return None
        return _table([(key, value) for key in keys if value])
    if shape.kind in ("set", "frozenset"):
        return _collect(shape, find_distinct(shape.item, size, depth))
    first = find_first(shape.item, depth)
    return None if first is None and size else _collect(shape, [first] * size if first else [])


def hold_item(shape: Many, item: Sample, depth: int = DEPTH_LIMIT) -> Sample | None:
    """Return a collection that holds this item; None if it can not be made."""
    if shape.high == 0:
        return None
    size = max(shape.low, 1)
    if shape.kind in ("set", "frozenset"):
        others = find_distinct(shape.item, size, depth) or []
        items = [item, *(other for other in others if not _is_same(other.dumped, item.dumped))][:size]
        return _collect(shape, items if len(items) == size else None)
    return _collect(shape, [item] * size)


def hold_entry(
    shape: Table, key: Sample | None, value: Sample | None, depth: int = DEPTH_LIMIT
) -> Sample | None:
    """Return a dictionary that holds an entry of this key, or this value; None if it can not be made."""
    if shape.high == 0:
        return None
    size = max(shape.low, 1)
    keys = find_distinct(shape.key, size, depth)
    value = value or find_first(shape.value, depth)
    if value is None or not keys:
        return None
    if key is not None:
        keys = [key, *(other for other in keys if not _is_same(other.dumped, key.dumped))][:size]
    return _table([(one, value) for one in keys]) if len(keys) == size else None


def find_distinct(shape: Shape, size: int, depth: int = DEPTH_LIMIT) -> list[Sample] | None:
    """Return so many different values that can be hashed; None if they can not be made."""
    found: dict[Any, Sample] = {}
    for sample in _iter_distinct(as_source(shape), size, depth):
        if len(found) >= size:
            break
        try:
            found.setdefault(sample.dumped, sample)
        except TypeError:
            continue
    return list(found.values()) if len(found) == size else None


def _iter_distinct(shape: Shape, size: int, depth: int) -> Iterator[Sample]:
    yield from _iter_samples(shape, depth)
    if isinstance(shape, Either):
        for option in shape.options:
            yield from _iter_distinct(as_source(option), size, depth)
    if isinstance(shape, Whole):
        step = shape.multiple_of
        lowest = -(-shape.low // step) if shape.low > 0 else min(0, shape.high // step - size)
        numbers = ((lowest + more) * step for more in range(size + 1))
        yield from (Sample.of(number) for number in numbers if shape.check.takes(number))
    if isinstance(shape, Text):
        texts = (f"{number:0{min(shape.low, SIZE_LIMIT)}d}" for number in range(2 * size))
        yield from (Sample.of(text) for text in texts if shape.check.takes(text))
    if isinstance(shape, Real):
        start = shape.low if math.isfinite(shape.low) else 0.0
        floats = (start + step for step in range(2 * size))
        yield from (Sample.of(number) for number in floats if shape.check.takes(number))


_COLLECT: Mapping[str, Callable[[Iterable[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def _collect(shape: Many, items: list[Sample] | None) -> Sample | None:
    if items is None:
        return None
    collect = _COLLECT[shape.kind]
    try:
        return Sample(collect(item.given for item in items), collect(item.dumped for item in items))
    except TypeError:  # a set of what can not be hashed has no value but the empty one
        return None


def _table(entries: list[tuple[Sample, Sample]]) -> Sample:
    return Sample(
        {key.given: value.given for key, value in entries},
        {key.dumped: value.dumped for key, value in entries},
    )


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other)
