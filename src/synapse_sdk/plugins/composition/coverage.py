"""Does one place take all that comes out of another? Both are gone through side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from synapse_sdk.plugins.composition.answers import (
    TAKEN,
    Answer,
    Refused,
    Taken,
    Unproven,
    join_answers,
    put_into,
)
from synapse_sdk.plugins.composition.record_coverage import compare_record
from synapse_sdk.plugins.composition.samples import (
    ANYTHING,
    Sample,
    find_first,
    hold_entry,
    hold_item,
    make_sized,
    replace_field,
    replace_item,
)
from synapse_sdk.plugins.composition.scalars import compare_scalar
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
    Table,
    Tagged,
    Text,
    Whole,
    as_source,
    as_target,
)

#: Kinds of collections that are taken for each other, unless the target is strict.
_ALIKE = frozenset({"list", "tuple", "set", "frozenset"})


class Coverage:
    """Compares places; models that hold themselves are gone through once."""

    def __init__(self) -> None:
        self._open: set[tuple[int, int]] = set()

    def compare(self, source: Shape, target: Shape) -> Answer:
        """Say whether `target` takes all that comes out of `source`."""
        source, target = as_source(source), as_target(target)
        # The source by itself, not by its schema: an alternative of it that is narrower has the same.
        pair = (id(source), id(target.check.schema))
        # What is being proven further up holds here as well: a value has an end.
        if pair in self._open and isinstance(source, Record):
            return TAKEN
        self._open.add(pair)
        try:
            return self._compare_resolved(source, target)
        finally:
            self._open.discard(pair)

    def _compare_resolved(self, source: Shape, target: Shape) -> Answer:
        leaves = list(_iter_leaves(target))
        if any(isinstance(leaf, Anything) for leaf in leaves):
            return TAKEN
        if isinstance(source, Either):
            return join_answers(self.compare(option, target) for option in source.options)
        if isinstance(source, Tagged):
            return join_answers(self.compare(option, target) for option in source.options.values())
        if isinstance(source, Opaque):
            return Unproven(source.why)
        opaque = next((leaf for leaf in leaves if isinstance(leaf, Opaque)), None)
        known = [leaf for leaf in leaves if not isinstance(leaf, Opaque)]
        answer = self._compare_known(source, target, known)
        if isinstance(answer, Taken) or opaque is None:
            return answer
        return self._compare_opaque(source, opaque, answer, is_alone=not known)

    def _compare_opaque(self, source: Shape, opaque: Opaque, answer: Answer, *, is_alone: bool) -> Answer:
        """A function may refuse anything; but what its own check refuses never comes to it."""
        if is_alone and opaque.inner is not None:
            answer = self.compare(source, opaque.inner)
        elif isinstance(answer, Taken):
            return answer
        return answer if isinstance(answer, Refused) else Unproven(opaque.why)

    def _compare_known(self, source: Shape, target: Shape, leaves: list[Shape]) -> Answer:
        if isinstance(source, Choice):
            samples = [Sample.of_choice(source, value) for value in source.values]
            return _compare_values(samples, target, leaves, is_all=True)
        if isinstance(source, Anything):
            return _compare_values(map(Sample.of, ANYTHING), target, leaves, is_all=False)
        if isinstance(source, Whole | Real | Text | Atom):
            return compare_scalar(source, target, leaves)
        return self._compare_container(source, target, leaves)

    def _compare_container(self, source: Shape, target: Shape, leaves: list[Shape]) -> Answer:
        """One alternative takes all of it; or none takes a value that is found."""
        refused: list[Sample] = []
        unproven: Unproven | None = None
        for leaf in leaves:
            answer = self._compare_leaf(source, leaf)
            if isinstance(answer, Taken):
                return answer
            if isinstance(answer, Refused):
                refused.append(answer.sample)
            else:
                unproven = unproven or answer
        first = find_first(source)
        for sample in (*refused, *_join_samples(source, refused), *([first] if first else ())):
            if not target.check.takes(sample.dumped):
                return Refused(sample)
        return unproven or Unproven("only several alternatives together could take it")

    def _compare_leaf(self, source: Shape, leaf: Shape) -> Answer:
        if isinstance(source, Record) and isinstance(leaf, Tagged):
            return self._compare_tagged(source, leaf)
        if isinstance(source, Record) and isinstance(leaf, Record):
            return compare_record(source, leaf, self.compare)
        if isinstance(source, Record) and isinstance(leaf, Table):
            return self._compare_record_with_table(source, leaf)
        if isinstance(source, Table) and isinstance(leaf, Table):
            return self._compare_table(source, leaf)
        if isinstance(source, Row) and isinstance(leaf, Row | Many):
            return self._compare_row(source, leaf)
        if isinstance(source, Many) and isinstance(leaf, Many | Row):
            return self._compare_many(source, leaf)
        return _refuse_first(source)

    def _compare_tagged(self, source: Record, leaf: Tagged) -> Answer:
        slot = next((slot for slot in source.slots if slot.name == leaf.tag and slot.comes_out), None)
        if slot is None:
            return _refuse_first(source)
        kind = as_source(slot.shape)
        if not isinstance(kind, Choice):
            return Unproven("which alternative it is, is not told by a few values", (leaf.tag,))
        answers: list[Answer] = []
        for value in kind.values:
            narrow = replace(slot, shape=replace(kind, values=(value,)))
            one = replace(source, slots=tuple(narrow if item is slot else item for item in source.slots))
            option = leaf.options.get(value, leaf.options.get(getattr(value, "value", value)))
            answers.append(_refuse_first(one) if option is None else self.compare(one, option))
        return join_answers(answers)

    def _compare_record_with_table(self, source: Record, leaf: Table) -> Answer:
        count = sum(slot.comes_out for slot in source.slots)
        if source.extra == "allow":
            return Unproven("it may hold any further name")
        if count < leaf.low or (leaf.high is not None and count > leaf.high):
            return _refuse_first(source)
        if leaf.low > 1 and not isinstance(as_target(leaf.key), Text | Anything):
            return Unproven("names may become one")
        names = tuple(slot.name for slot in source.slots if slot.comes_out)
        keys = list(_iter_leaves(as_target(leaf.key)))
        answers = [_compare_values(map(Sample.of, names), leaf.key, keys, is_all=True)]
        if isinstance(answers[0], Refused):
            return _refuse_first(source)
        for slot in source.slots:
            if slot.comes_out:
                answer = self.compare(slot.shape, leaf.value)
                answers.append(put_into(answer, partial(replace_field, source, slot), place=slot.name))
        return join_answers(answers)

    def _compare_table(self, source: Table, leaf: Table) -> Answer:
        if (answer := _compare_sizes(source, leaf.low, leaf.high)) is not None:
            return answer
        if source.high == 0:
            return TAKEN
        if leaf.low > 1 and not _keeps_apart(source.key, leaf.key):
            return Unproven("keys may become one")
        keys = self.compare(source.key, leaf.key)
        values = self.compare(source.value, leaf.value)
        return join_answers(
            (
                put_into(keys, lambda key: hold_entry(source, key, None), place="[key]"),
                put_into(values, lambda value: hold_entry(source, None, value), place="[value]"),
            )
        )

    def _compare_row(self, source: Row, leaf: Row | Many) -> Answer:
        count = len(source.items)
        if isinstance(leaf, Row):
            targets: list[Shape] = list(leaf.items)
            if len(targets) != count:
                return _refuse_first(source)
        else:
            if leaf.is_strict and leaf.kind != "tuple":
                return _refuse_first(source)
            if count < leaf.low or (leaf.high is not None and count > leaf.high):
                # Equal ones count once in a set.
                return _refuse_first(source)
            if leaf.kind in ("set", "frozenset") and leaf.low > 1:
                return Unproven("equal items become one")
            targets = [leaf.item] * count
        return join_answers(
            put_into(self.compare(item, target), partial(replace_item, source, place), place=str(place))
            for place, (item, target) in enumerate(zip(source.items, targets, strict=True))
        )

    def _compare_many(self, source: Many, leaf: Many | Row) -> Answer:
        kind = leaf.kind if isinstance(leaf, Many) else "tuple"
        if leaf.is_strict and kind != source.kind:
            return _refuse_first(source)
        is_set = kind in ("set", "frozenset")
        low, high = (leaf.low, leaf.high) if isinstance(leaf, Many) else (len(leaf.items),) * 2
        if (
            is_set
            and low > 1
            and not (source.kind in ("set", "frozenset") and _keeps_apart(source.item, _item(leaf)))
        ):
            return _refuse_equal_items(source, low)
        if (answer := _compare_sizes(source, low, high)) is not None:
            return answer
        if source.high == 0:
            return TAKEN
        targets = leaf.items if isinstance(leaf, Row) else (leaf.item,)
        return join_answers(
            put_into(self.compare(source.item, target), lambda item: hold_item(source, item), place="[item]")
            for target in targets
        )


def _iter_leaves(target: Shape) -> Iterator[Shape]:
    """Yield the alternatives of a target."""
    target = as_target(target)
    if isinstance(target, Either):
        for option in target.options:
            yield from _iter_leaves(option)
    else:
        yield target


def _item(leaf: Many | Row) -> Shape:
    assert isinstance(leaf, Many)
    return leaf.item


def _compare_values(samples: Iterable[Sample], target: Shape, leaves: list[Shape], *, is_all: bool) -> Answer:
    if not leaves:
        return Unproven("it is checked by a function")
    for sample in samples:
        if not target.check.takes(sample.dumped):
            return Refused(sample)
    return TAKEN if is_all else Unproven("it gives anything")


def _compare_sizes(source: Many | Table, low: int, high: int | None) -> Answer | None:
    """Return an answer where the numbers of items alone give one."""
    if source.low < low:
        too_few = make_sized(source, source.low)
        return Refused(too_few) if too_few else Unproven("a value with so few items could not be made up")
    if high is not None and (source.high is None or source.high > high):
        too_many = make_sized(source, max(high + 1, source.low))
        return Refused(too_many) if too_many else Unproven("a value with so many items could not be made up")
    return None


def _keeps_apart(source: Shape, target: Shape) -> bool:
    """Do different values stay different when they are taken?"""
    source, target = as_source(source), as_target(target)
    if isinstance(source, Whole):
        return isinstance(target, Whole)
    if isinstance(source, Text):
        return isinstance(target, Text) and not target.is_stripped and not target.is_recased
    return False


def _refuse_equal_items(source: Many, low: int) -> Answer:
    size = max(source.low, 1)
    several = make_sized(source, size) if size < low or source.kind in ("list", "tuple") else None
    return Refused(several) if several else Unproven("equal items become one")


def _refuse_first(source: Shape) -> Answer:
    first = find_first(source)
    return Unproven("no value of it could be made up") if first is None else Refused(first)


def _join_samples(source: Shape, samples: list[Sample]) -> Iterator[Sample]:
    """Yield values that hold what several alternatives refuse, each something else."""
    if len(samples) < 2:
        return
    if isinstance(source, Many) and source.kind in ("list", "tuple"):
        make: Callable[[Iterable[Any]], Any] = list if source.kind == "list" else tuple
        joined = Sample(
            make(item for sample in samples for item in sample.given),
            make(item for sample in samples for item in sample.dumped),
        )
        if source.high is None or len(joined.given) <= source.high:
            yield joined
    elif isinstance(source, Record | Table):
        merged = samples[0]
        first = find_first(source)
        for other in samples[1:]:
            given = {**merged.given, **_differences(other.given, first.given if first else {})}
            dumped = {**merged.dumped, **_differences(other.dumped, first.dumped if first else {})}
            merged = Sample(given, dumped)
        yield merged


def _differences(one: Any, other: Any) -> dict[Any, Any]:
    return {key: value for key, value in one.items() if key not in other or other[key] != value}
