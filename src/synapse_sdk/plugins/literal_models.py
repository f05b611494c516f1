"""An action's models, from its plugin's source: what `BaseAction[Params]` or `@action(params=…)` name."""

from __future__ import annotations

import ast
import types
from typing import Any, NamedTuple

from pydantic import BaseModel

from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.decorators import action as action_mark
from synapse_sdk.plugins.importing import split_entrypoint
from synapse_sdk.plugins.literal_values import LiteralModule, LiteralSource, NotLiteralError
from synapse_sdk.plugins.result import NoResult
from synapse_sdk.plugins.source import PluginSource

#: Class attributes that name an action's models.
_MODEL_NAMES = frozenset({"params_model", "result_model"})
#: Methods of a class that decide what its subclasses are.
_CLASS_MAKERS = frozenset({"__init_subclass__", "__class_getitem__", "__mro_entries__"})


class ActionModels(NamedTuple):
    """What an action takes and gives; None where it takes any dict, or promises nothing."""

    params: type[BaseModel] | None
    result: type[Any] | None


class LiteralModels:
    """The models of one plugin's actions, as far as its source tells them."""

    def __init__(self, source: PluginSource) -> None:
        self._source = LiteralSource(source)

    def find(self, entrypoint: str) -> ActionModels:
        """Return the models of the action that an entrypoint names.

        Raises:
            NotLiteralError: Only importing the module would tell.
        """
        module_name, name = split_entrypoint(entrypoint)
        try:
            return self._read(module_name, name)
        except NotLiteralError:
            raise
        except Exception as error:  # the definition is a mistake: importing it says so in its own words
            raise NotLiteralError(f"{entrypoint}: {type(error).__name__}: {error}") from error

    def _read(self, module_name: str, name: str) -> ActionModels:
        module = self._source.find_module(module_name)
        place = None if module is None else module.find_definition(name)
        if place is None:
            raise NotLiteralError(f"{module_name}:{name} is not in the plugin's source")
        owner, definition = place
        if isinstance(definition, ast.ClassDef):
            return _read_class(_build_outline(owner, definition))
        if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
            return _read_function(owner, definition)
        raise owner.refuse(definition, f"{name} is no class and no function")


def _read_class(outline: type) -> ActionModels:
    if not issubclass(outline, BaseAction):
        raise NotLiteralError(f"{outline.__name__} does not derive from BaseAction")
    result = outline.result_model
    return ActionModels(
        _as_model(getattr(outline, "params_model", None)), None if result is NoResult else result
    )


def _build_outline(module: LiteralModule, definition: ast.ClassDef) -> type:
    """Make a class with the bases and models of an action class, and none of its code.

    The bases themselves then find the params model in the brackets, as they do for the class.
    """
    if definition.decorator_list or definition.keywords:
        raise module.refuse(definition, f"{definition.name} is made by more than its bases")
    members: dict[str, Any] = {}
    for node in definition.body:
        for name, value in _read_member(module, definition, node):
            members[name] = module.evaluate(value)
    bases = tuple(_find_base(module, base) for base in definition.bases)
    members["__module__"] = module.name
    return types.new_class(definition.name, bases, {}, lambda scope: scope.update(members))


def _find_base(module: LiteralModule, base: ast.expr) -> Any:
    named = base.value if isinstance(base, ast.Subscript) else base
    place = module.find_definition(named.id) if isinstance(named, ast.Name) else None
    if place is None or not isinstance(place[1], ast.ClassDef):
        return module.evaluate(base)
    outline: Any = _build_outline(place[0], place[1])
    return outline[module.evaluate(base.slice)] if isinstance(base, ast.Subscript) else outline


def _read_member(module: LiteralModule, owner: ast.ClassDef, node: ast.stmt) -> list[tuple[str, ast.expr]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            if name in _CLASS_MAKERS | _MODEL_NAMES:
                raise module.refuse(node, f"{owner.name}.{name} is worked out")
            return []
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            return [] if value is None or name not in _MODEL_NAMES else [(name, value)]
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return [(name, value)] if name in _MODEL_NAMES else []
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return []
    raise module.refuse(node, f"a statement in {owner.name} that may set anything")


def _read_function(module: LiteralModule, function: ast.FunctionDef | ast.AsyncFunctionDef) -> ActionModels:
    """Read a function that `@action` marks, and nothing else decorates."""
    mark = function.decorator_list[0] if len(function.decorator_list) == 1 else None
    call = mark if isinstance(mark, ast.Call) else None
    named = call.func if call is not None else mark
    if named is None or module.evaluate(named) is not action_mark:
        raise module.refuse(function, f"{function.name} is not marked with @action alone")
    given = {} if call is None else {item.arg: item.value for item in call.keywords}
    if call is not None and (None in given or len(call.args) > 1):
        raise module.refuse(function, "arguments of @action that only running it would tell")
    params = _evaluate_or_none(module, given.get("params"))
    if params is None:
        params = _model_of_first(module, function)
    return ActionModels(_as_model(params), _evaluate_or_none(module, given.get("result")))


def _model_of_first(module: LiteralModule, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Any:
    places = [*function.args.posonlyargs, *function.args.args]
    annotation = places[0].annotation if places else None
    if annotation is None:
        return None
    annotated = module.evaluate(annotation)
    if isinstance(annotated, str):
        raise module.refuse(annotation, "a type in quotes")
    return annotated if isinstance(annotated, type) and issubclass(annotated, BaseModel) else None


def _evaluate_or_none(module: LiteralModule, value: ast.expr | None) -> Any:
    return None if value is None else module.evaluate(value)


def _as_model(value: Any) -> type[BaseModel] | None:
    if value is None or (isinstance(value, type) and issubclass(value, BaseModel)):
        return value
    raise NotLiteralError(f"{value!r} is no model")
