"""Numbers and texts: does a place take all of a range?

The values of a range are looked at where a rule could change: at bounds, and beside them. Between two
neighbours that one and the same rule takes lies nothing that it refuses, because such rules are ranges as
well. That, for every two neighbours, is the proof; which single values are taken is asked of pydantic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from synapse_sdk.plugins.composition.answers import TAKEN, Answer, Refused, Unproven
from synapse_sdk.plugins.composition.samples import SIZE_LIMIT, Sample, iter_reals, iter_texts, iter_wholes
from synapse_sdk.plugins.composition.shapes import Atom, Choice, Real, Shape, Text, Whole


def compare_scalar(source: Whole | Real | Text | Atom, target: Shape, leaves: Sequence[Shape]) -> Answer:
    """Say whether `target`, whose alternatives are `leaves`, takes all of `source`."""
    if isinstance(source, Whole):
        return _compare_whole(source, target, leaves)
    if isinstance(source, Real):
        return _compare_real(source, target, leaves)
    if isinstance(source, Text):
        return _compare_text(source, target, leaves)
    return _compare_atom(source, target, leaves)


def _compare_whole(source: Whole, target: Shape, leaves: Sequence[Shape]) -> Answer:
    near = {0, 1, *_bounds(leaves)}
    points = sorted({*iter_wholes(source, near)})
    if source.is_odd:
        return _find_refused(points, source, target) or Unproven("its rules are not those of whole numbers")
    ranges = [leaf for leaf in leaves if _is_range_of_wholes(leaf, source)]
    step = source.multiple_of
    return _compare_points(points, target, ranges, lambda one, other: other - one == step)


def _is_range_of_wholes(leaf: Shape, source: Whole) -> bool:
    if isinstance(leaf, Whole):
        return not leaf.is_odd and source.multiple_of % leaf.multiple_of == 0
    return isinstance(leaf, Real) and leaf.multiple_of is None


def _compare_real(source: Real, target: Shape, leaves: Sequence[Shape]) -> Answer:
    near = {0.0, 0.5, *(float(bound) for bound in _bounds(leaves) if abs(bound) <= 2**1023)}
    points = sorted({point for point in iter_reals(source, near) if point == point})
    if source.multiple_of is not None:
        points = [point for point in points if source.check.takes(point)]
        points += [n * source.multiple_of for n in range(-4, 5) if source.check.takes(n * source.multiple_of)]
    beside = [math.nan] if source.has_nan else []
    tried = [*sorted(points, key=_plainness), *beside]
    if (refused := _find_refused(tried, source, target)) is not None:
        return refused
    ranges = [
        leaf for leaf in leaves if isinstance(leaf, Real) and leaf.multiple_of in (None, source.multiple_of)
    ]
    if source.multiple_of is not None:
        # How near to a multiple a float must be depends on its size: only the whole range at once is told.
        whole = any(leaf.low <= source.low and source.high <= leaf.high for leaf in ranges)
        return TAKEN if whole and points else Unproven("which floats are multiples is not compared")
    return _compare_points(
        sorted(points), target, ranges, lambda one, other: other == math.nextafter(one, math.inf)
    )


def _compare_text(source: Text, target: Shape, leaves: Sequence[Shape]) -> Answer:
    sizes = {
        0,
        1,
        2,
        source.low,
        *(size for leaf in leaves if isinstance(leaf, Text) for size in _sizes(leaf)),
    }
    sizes = {near for size in sizes for near in (size - 1, size, size + 1)}
    longest = max(sizes) + 1 if source.high is None else source.high
    sizes = sorted(size for size in {*sizes, longest} if source.low <= size <= longest)  # type: ignore[assignment]
    if longest > SIZE_LIMIT:
        sizes = {size for size in sizes if size <= SIZE_LIMIT}
    texts = [text for size in sizes for text in iter_texts(source, size) if source.check.takes(text)]
    if (refused := _find_refused(texts, source, target)) is not None:
        return refused
    if source.is_recased:
        return _take_any_text(leaves) or Unproven("changing its case may change its length")
    if source.pattern is not None:
        return _compare_pattern(source, leaves)
    rules = [leaf for leaf in leaves if isinstance(leaf, Text) and leaf.pattern is None]
    ranges = [leaf for leaf in rules if not leaf.is_stripped or source.is_stripped or leaf.low == 0]
    return _cover_sizes(source, ranges)


def _cover_sizes(source: Text, ranges: Iterable[Text]) -> Answer:
    """Do the ranges of lengths cover the source's, one beginning where another ends?"""
    reached = source.low
    for leaf in sorted(ranges, key=lambda leaf: leaf.low):
        if leaf.low > reached:
            break
        if leaf.high is None or (source.high is not None and source.high <= leaf.high):
            return TAKEN
        reached = max(reached, leaf.high + 1)
    return Unproven("texts are compared by their length alone")


def _compare_pattern(source: Text, leaves: Sequence[Shape]) -> Answer:
    """Texts of a pattern: taken where the same pattern, or none, stands, and the lengths fit."""
    for leaf in leaves:
        if isinstance(leaf, Text) and leaf.pattern in (None, source.pattern):
            if leaf.is_stripped and not source.is_stripped and (leaf.pattern is not None or leaf.low > 0):
                continue
            is_long = leaf.low <= source.low
            if is_long and (leaf.high is None or (source.high is not None and source.high <= leaf.high)):
                return TAKEN
    return Unproven(f"patterns are not compared: it gives {source.pattern!r}")


def _take_any_text(leaves: Sequence[Shape]) -> Answer | None:
    free = any(
        isinstance(leaf, Text) and leaf.low == 0 and leaf.high is None and leaf.pattern is None
        for leaf in leaves
    )
    return TAKEN if free else None


def _compare_atom(source: Atom, target: Shape, leaves: Sequence[Shape]) -> Answer:
    from synapse_sdk.plugins.composition.samples import find_samples

    values = [sample.dumped for sample in find_samples(source)]
    if (refused := _find_refused(values, source, target)) is not None:
        return refused
    for leaf in leaves:
        if isinstance(leaf, Atom) and leaf.name == source.name and _is_as_wide(leaf, source):
            return TAKEN
    return Unproven(f"it gives a {source.name} with rules that are not compared")


def _is_as_wide(leaf: Atom, source: Atom) -> bool:
    if "now_op" in leaf.rules:  # what is in the past depends on when one asks
        return False
    if source.name == "path":
        return issubclass(source.rules["cls"], leaf.rules["cls"])
    wanted, given = dict(leaf.rules), dict(source.rules)
    # Where this one is not told, a decimal is finite.
    if given.pop("allow_inf_nan", False) and not wanted.get("allow_inf_nan", False):
        return False
    wanted.pop("allow_inf_nan", None)
    return not wanted or wanted == given


def _compare_points(
    points: Sequence[Any], target: Shape, ranges: Sequence[Shape], is_next: Callable[[Any, Any], bool]
) -> Answer:
    """Prove it for all values from the first point to the last, or find one that is refused."""
    for point in sorted(points, key=_plainness):
        if not target.check.takes(point):
            return Refused(Sample.of(point))
    for one, other in pairwise(points):
        if is_next(one, other):
            continue
        if not any(leaf.check.takes(one) and leaf.check.takes(other) for leaf in ranges):
            return Unproven("no single rule takes all numbers of a range")
    return TAKEN if points else Unproven("no value of it could be made up")


def _plainness(number: float) -> tuple[int, float]:
    """Sort first what is read most easily: a witness is for people."""
    return len(repr(number)), abs(number)


def _find_refused(values: Iterable[Any], source: Shape, target: Shape) -> Refused | None:
    for value in values:
        if not target.check.takes(value) and source.check.takes(value):
            return Refused(Sample.of(value))
    return None


def _bounds(leaves: Iterable[Shape]) -> list[int]:
    """Return whole numbers near which the rules of these change."""
    found: list[float] = []
    for leaf in leaves:
        if isinstance(leaf, Whole | Real):
            found += [leaf.low, leaf.high]
        elif isinstance(leaf, Choice):
            found += [value for value in leaf.values if isinstance(value, int | float)]
    return [near for bound in found if math.isfinite(bound) for near in (int(bound), int(bound) + 1)]


def _sizes(leaf: Text) -> list[int]:
    return [size for size in (leaf.low, leaf.high) if size is not None and size <= SIZE_LIMIT]
