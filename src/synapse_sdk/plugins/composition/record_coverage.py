"""Does a model take what another one gives? Field by field, by the names of giving and of taking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from synapse_sdk.plugins.composition.answers import Answer, Refused, Unproven, join_answers, put_into
from synapse_sdk.plugins.composition.samples import ANYTHING, Sample, find_first, join_fields, replace_field
from synapse_sdk.plugins.composition.shapes import Record, Shape, Slot, as_target

Compare = Callable[[Shape, Shape], Answer]


def compare_record(source: Record, target: Record, compare: Compare, *, is_partial: bool = False) -> Answer:
    """Say whether the model `target` takes every `source`.

    Args:
        source: What is given.
        target: What it is given to.
        compare: Compares two fields.
        is_partial: Others give something as well: a field that is missing here is not missed.
    """
    given = {slot.name: slot for slot in source.slots if slot.comes_out}
    return join_answers(_iter_answers(source, target, given, compare, is_partial=is_partial))


def _iter_answers(
    source: Record, target: Record, given: dict[str, Slot], compare: Compare, *, is_partial: bool
) -> Iterator[Answer]:
    if source.extra == "allow" and any(
        slot.keys is None or slot.name not in slot.keys for slot in source.slots
    ):
        yield Unproven("any name may be given, that of another field's alias as well")
    used: set[str] = set()
    for slot in target.slots:
        if slot.keys == ():
            continue
        if slot.keys is None:
            yield Unproven("it is found by a path", (slot.name,))
            continue
        used.update(slot.keys)
        provider = next((given[key] for key in slot.keys if key in given), None)
        if provider is not None:
            if source.extra == "allow" and slot.keys[0] != provider.name:
                yield Unproven("any name may be given, also one that is looked for before", (slot.name,))
            yield _compare_field(source, provider, slot, compare)
        elif not is_partial:
            yield from _miss(source, slot)
    yield from _iter_unknown(
        source, target, [slot for name, slot in given.items() if name not in used], compare
    )


def _compare_field(source: Record, provider: Slot, slot: Slot, compare: Compare) -> Answer:
    answer = compare(provider.shape, slot.shape)
    return put_into(answer, lambda part: replace_field(source, provider, part), place=provider.name)


def _miss(source: Record, slot: Slot) -> Iterator[Answer]:
    """A field that is not given: refused where it is required; where names are open, it may be anything."""
    if slot.is_required:
        yield _refuse(find_first(source), slot.name)
    elif source.extra == "allow" and slot.keys:
        extra = None if source.extra_shape is None else find_first(source.extra_shape)
        for value in ANYTHING if source.extra_shape is None else [extra.given] if extra else []:
            if not as_target(slot.shape).check.takes(value):
                yield _refuse(_add_name(source, slot.keys[0], value), slot.name)
                return
        yield Unproven("any name may be given", (slot.name,))


def _iter_unknown(source: Record, target: Record, left: list[Slot], compare: Compare) -> Iterator[Answer]:
    """What the target has no field for."""
    if target.extra == "forbid":
        if left:
            yield _refuse(find_first(source), left[0].name)
        elif source.extra == "allow":
            yield _refuse(_add_name(source, "something_else", None), "something_else")
    elif target.extra == "allow" and target.extra_shape is not None:
        for slot in left:
            answer = compare(slot.shape, target.extra_shape)
            yield put_into(answer, partial(replace_field, source, slot), place=slot.name)
        if source.extra == "allow":
            yield Unproven("any name may be given")


def _add_name(source: Record, name: str, value: object) -> Sample | None:
    fields = {slot.name: find_first(slot.shape) for slot in source.slots if slot.keys != ()}
    if source.extra_shape is not None:
        extra = find_first(source.extra_shape)
        value = extra.given if extra else value
    if any(found is None for found in fields.values()) or any(slot.keys is None for slot in source.slots):
        return None
    return join_fields(source, {key: found for key, found in fields.items() if found}, {name: value})


def _refuse(sample: Sample | None, name: str) -> Answer:
    return Unproven("no value of it could be made up", (name,)) if sample is None else Refused(sample)
