"""Do the actions of a pipeline fit together? Answered from their models, before anything runs.

What an action takes comes from the last action before it that gives a field of that name. So each action's
params are compared with each earlier action's result, for the fields that come from there. What no action
gives is the caller's to give: `iter_wanted`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from synapse_sdk.plugins.composition import Verdict, compare_models
from synapse_sdk.plugins.pipelines.stage import Stage
from synapse_sdk.plugins.types import DataType


class FindingKind(StrEnum):
    """What speaks against two actions, one after the other."""

    #: The later one refuses a value that the earlier one may give.
    REFUSED = "refused"
    #: The later one needs a field that no earlier one gives or takes.
    MISSING = "missing"
    #: The later one forbids a name that is held because the earlier one requires it.
    FORBIDDEN = "forbidden"
    #: What they say of what they give and take, `output_type` and `input_type`, does not go together.
    DATA_TYPE = "data_type"
    #: Nothing is known of what the earlier one gives, because it names no `result_model`.
    NO_RESULT_MODEL = "no_result_model"
    #: The models have constructs that are not compared. The params are validated before the action runs.
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that speaks against two actions, one after the other."""

    kind: FindingKind
    #: Names of the actions; the earlier one is None where none gives the field.
    source: str | None
    target: str
    #: From the field on: names and indices.
    path: tuple[str | int, ...]
    why: str
    #: A result of the earlier action that the later one refuses, and what of it is refused.
    witness: BaseModel | None = None
    value: Any = None

    @property
    def place(self) -> str:
        """Return `Train.boxes.0.label`."""
        return ".".join(map(str, (self.target, *self.path)))

    def __str__(self) -> str:
        if self.witness is not None:
            return f"{self.place}: {self.why}. {self.source} may give {self.value!r}, as in {self.witness!r}"
        return f"{self.place}: {self.why}"

    def to_document(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": str(self.kind),
            "source": self.source,
            "target": self.target,
            "path": list(self.path),
            "why": self.why,
            "witness": None if self.witness is None else repr(self.witness),
        }


def check_stages(stages: Sequence[Stage]) -> tuple[Finding, ...]:
    """Return what speaks against actions in this order."""
    found: list[Finding] = []
    for stage in stages[1:]:
        before = stages[: stage.place]
        found += _check_data_type(before[-1], stage)
        found += _check_fields(before, stage)
    return tuple(found)


def iter_wanted(stages: Sequence[Stage]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what the caller has to give: required fields that no earlier result has.

    Yields:
        `Action.field`, and the names under which it may be given.
    """
    for stage in stages:
        given = {name for earlier in stages[: stage.place] for name in _given_by(earlier)}
        for names in _iter_required(stage.params_model):
            if given.isdisjoint(names):
                yield f"{stage.name}.{names[0]}", names


def _check_data_type(before: Stage, stage: Stage) -> Iterator[Finding]:
    given, taken = before.action.output_type, stage.action.input_type
    if given is None or taken is None:
        return
    if isinstance(given, str) or isinstance(taken, str):
        fits = _name_type(given) == _name_type(taken)
    else:
        fits = given.is_compatible_with(taken)
    if not fits:
        why = f"it takes {_name_type(taken)}, and {before.name} gives {_name_type(given)}"
        yield Finding(FindingKind.DATA_TYPE, before.name, stage.name, (), why)


def _name_type(kind: type[DataType] | str) -> str:
    return kind if isinstance(kind, str) else kind.name


def _check_fields(before: Sequence[Stage], stage: Stage) -> Iterator[Finding]:
    if stage.params_model is None:
        return
    yield from _check_openness(before, stage)
    taken: set[str] = set()
    for earlier in reversed(before):
        # The last one that gives a name decides; what it gives is not asked of those before it.
        names = [name for name in _given_by(earlier) if name not in taken]
        taken.update(names)
        if names and earlier.result_model is not None:
            yield from _compare(earlier, stage, names)
    yield from _find_missing(before, stage, taken)


def _compare(earlier: Stage, stage: Stage, names: list[str]) -> Iterator[Finding]:
    assert earlier.result_model is not None
    assert stage.params_model is not None
    wanted = {name for field in _iter_names(stage.params_model) for name in field}
    # A model that looks at names that it does not know is handed all of them, as it is when it runs.
    is_open = _extra(stage.params_model) == "ignore"
    only = [name for name in names if name in wanted] if is_open else names
    if not only:
        return
    answer = compare_models(earlier.result_model, stage.params_model, only=only)
    if answer.verdict is Verdict.ACCEPTED:
        return
    kind = FindingKind.REFUSED if answer.verdict is Verdict.REFUSED else FindingKind.UNPROVEN
    yield Finding(kind, earlier.name, stage.name, answer.path, answer.why, answer.witness, answer.value)


def _check_openness(before: Sequence[Stage], stage: Stage) -> Iterator[Finding]:
    """Find what the names of fields do not tell: more may be held than is told, or than is allowed."""
    assert stage.params_model is not None
    for earlier in before:
        if _extra(earlier.result_model) == "allow":
            why = f"{earlier.name} may give any further name, with any value"
            yield Finding(FindingKind.UNPROVEN, earlier.name, stage.name, (), why)
    if _extra(stage.params_model) != "forbid":
        return
    known = {name for field in _iter_names(stage.params_model) for name in field}
    given = {name for earlier in before for name in _given_by(earlier)}
    for earlier in before:
        for names in _iter_required(earlier.params_model):
            # What the caller gives is under one of these names; a result of that name is reported for itself.
            if known.isdisjoint(names) and given.isdisjoint(names):
                why = f"it is held for {earlier.name}, which requires it, and is not permitted here"
                yield Finding(FindingKind.FORBIDDEN, earlier.name, stage.name, (names[0],), why)


def _extra(model: type[BaseModel] | None) -> str:
    return (model and model.model_config.get("extra")) or "ignore"


def _find_missing(before: Sequence[Stage], stage: Stage, given: set[str]) -> Iterator[Finding]:
    # What an earlier action takes is held as well: the caller gave it.
    held = given | {
        name for earlier in before for field in _iter_names(earlier.params_model) for name in field
    }
    missing = [names[0] for names in _iter_required(stage.params_model) if held.isdisjoint(names)]
    last = before[-1]
    if last.result_model is None and next(_iter_names(stage.params_model), None):
        # Also where nothing is missing: what it returns lies over what is held, whatever it is.
        what = f"that it gives {', '.join(missing)}" if missing else "what it gives"
        why = f"{last.name} names no result_model, so nothing says {what}"
        yield Finding(FindingKind.NO_RESULT_MODEL, last.name, stage.name, tuple(missing[:1]), why)
        return
    for name in missing:
        why = "it is required, and no action before it gives or takes it"
        yield Finding(FindingKind.MISSING, None, stage.name, (name,), why)


def _given_by(stage: Stage) -> list[str]:
    """Return the names that a result lays over what is held: Python names of the fields."""
    model = stage.result_model
    if model is None:
        return []
    return [name for name, field in model.model_fields.items() if not field.exclude] + [
        *model.model_computed_fields
    ]


def _iter_names(model: type[BaseModel] | None) -> Iterator[tuple[str, ...]]:
    """Yield the names under which each field is taken."""
    for name in () if model is None else model.model_fields:
        yield _names_of_field(model, name)


def _iter_required(model: type[BaseModel] | None) -> Iterator[tuple[str, ...]]:
    if model is not None:
        for name, field in model.model_fields.items():
            if field.is_required():
                yield _names_of_field(model, name)


def _names_of_field(model: type[BaseModel] | None, name: str) -> tuple[str, ...]:
    assert model is not None
    alias = model.model_fields[name].validation_alias
    config = model.model_config
    choices = getattr(alias, "choices", [alias])
    aliases = [
        choice if isinstance(choice, str) else choice.path[0] for choice in choices if choice is not None
    ]
    by_name = config.get("populate_by_name") or config.get("validate_by_name") or not aliases
    return tuple(dict.fromkeys([*map(str, aliases), *([name] if by_name else [])]))
