"""Which names a params model takes, and which of those given it would pass over in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    PlainValidator,
    RootModel,
    WrapValidator,
)

from synapse_sdk._internal.closest import find_closest

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

#: Validators that see what was given before its names count.
_EARLY: Final = frozenset(["before", "wrap", "plain"])
_LISTS: Final = (list, tuple, set, frozenset)


def accepted_names(model: type[BaseModel]) -> set[str]:
    """Return the names that a model's fields are given by."""
    names: set[str] = set()
    by_name = model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
    for name, field in model.model_fields.items():
        alias = field.validation_alias or field.alias
        if alias is None or by_name:
            names.add(name)
        names |= _aliases(field)
    return names


def find_field(model: type[BaseModel], name: str) -> FieldInfo | None:
    """Return the field that is given by this name, or by this alias."""
    key = _find_key(model, name)
    return None if key is None else model.model_fields[key]


def iter_options(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, else the annotation, without `Annotated` around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from iter_options(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from iter_options(option)
    else:
        yield annotation


def find_unknown_params(model: type[BaseModel], params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Describe each name that the model, or a model inside of it, does not have and would ignore.

    A model that takes any name has none, and what a validator of the model's own reads first is its affair.

    Returns:
        For each its `field` (the names down to it, with dots), `loc` (the same as a list) and `problem`.
    """
    return list(_find_in_model([model], params, []))


def _find_in_value(annotation: Any, given: Any, place: list[str | int]) -> Iterator[dict[str, Any]]:
    options = [option for option in iter_options(annotation) if option is not NoneType]
    if isinstance(given, Mapping):
        models = [option for option in options if _is_model(option)]
        others = [option for option in options if not _is_model(option) and not _is_plain(option)]
        if models and not others:
            if not any(_reads_by_itself(model) for model in models):
                yield from _find_in_model(models, given, place)
        elif not models and len(others) == 1 and get_origin(others[0]) is dict:
            for name, value in given.items():
                yield from _find_in_value(get_args(others[0])[1], value, [*place, str(name)])
    elif isinstance(given, list | tuple):
        lists = [option for option in options if get_origin(option) in (*_LISTS, Sequence)]
        if len(lists) == 1:
            wanted = get_args(lists[0])
            is_one_by_one = get_origin(lists[0]) is tuple and Ellipsis not in wanted
            for index, value in enumerate(given):
                if not is_one_by_one or index < len(wanted):
                    yield from _find_in_value(wanted[index if is_one_by_one else 0], value, [*place, index])


def _find_in_model(
    models: Sequence[type[BaseModel]], given: Mapping[str, Any], place: list[str | int]
) -> Iterator[dict[str, Any]]:
    known = set().union(*map(accepted_names, models))
    takes_any = any(model.model_config.get("extra") == "allow" for model in models)
    for name, value in given.items():
        here = [*place, name]
        if name in known:
            # In a union the value says which model is meant; only what is in none of them is certain.
            if len(models) == 1 and (key := _find_key(models[0], name)) and not _reads_early(models[0], key):
                yield from _find_in_value(models[0].model_fields[key].rebuild_annotation(), value, here)
        elif not takes_any:
            close = find_closest(name, known)
            guess = f"; did you mean {'.'.join(map(str, [*place, close]))}?" if close else ""
            field = ".".join(map(str, here))
            yield {"field": field, "loc": here, "problem": f"there is no such param{guess}"}


def _is_model(option: Any) -> bool:
    return isinstance(option, type) and issubclass(option, BaseModel) and not issubclass(option, RootModel)


def _is_plain(option: Any) -> bool:
    """Say whether no mapping can be a value of an option."""
    if get_origin(option) in (Literal, *_LISTS):
        return True
    return isinstance(option, type) and issubclass(option, str | bytes | int | float | Enum)


def _reads_by_itself(model: type[BaseModel]) -> bool:
    validators = model.__pydantic_decorators__.model_validators.values()
    return any(validator.info.mode in _EARLY for validator in validators)


def _reads_early(model: type[BaseModel], key: str) -> bool:
    metadata = model.model_fields[key].metadata
    if any(isinstance(item, BeforeValidator | PlainValidator | WrapValidator) for item in metadata):
        return True
    validators = model.__pydantic_decorators__.field_validators.values()
    return any(item.info.mode in _EARLY and {key, "*"} & set(item.info.fields) for item in validators)


def _find_key(model: type[BaseModel], name: str) -> str | None:
    if name in model.model_fields:
        return name
    return next((key for key, field in model.model_fields.items() if name in _aliases(field)), None)


def _aliases(field: FieldInfo) -> set[str]:
    alias = field.validation_alias or field.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    firsts = (choice.path[0] if isinstance(choice, AliasPath) else choice for choice in choices)
    return {first for first in firsts if isinstance(first, str)}
