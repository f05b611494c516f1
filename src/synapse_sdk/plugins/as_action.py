"""Whatever an entrypoint names, as an action: a class derived from `BaseAction`, a function, a plain class.

What a function or a plain class wants is read from its signature:

| parameter | gets |
| --- | --- |
| `ctx`, `context`, `runtime_ctx` | the runtime context |
| `params`, or annotated with a pydantic model | all params: that model, else a dictionary |
| any other | the param of that name, checked against its annotation |
| `**kwargs` | the params that no other parameter takes |

A function marked with `@action` gets (params, context) by place, as many as it declares. A subclass of
`BaseExporter` is what a `DefaultExportAction` exports with; one of `BaseServeDeployment` is asked where it is
served.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.plugins.action import BaseAction
from synapse_sdk.plugins.errors import PluginRunError
from synapse_sdk.plugins.result import NoResult

_CONTEXT_NAMES = frozenset({"ctx", "context", "runtime_ctx", "runtime_context"})
_PARAMS_NAME = "params"
#: The methods that a plain class may do its work in, in the order in which they are looked for.
_METHODS = ("execute", "run")
_PLACES = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def as_action(target: Any, *, name: str | None = None) -> type[BaseAction[Any]]:
    """Return an action class that does what `target` does.

    Args:
        target: A subclass of `BaseAction` (comes back unchanged), of `BaseExporter` or of
            `BaseServeDeployment`, a function or other callable, or a class with `execute`, `run`, a method
            called like the action, or `__call__`.
        name: The action's name in the config.

    Raises:
        PluginRunError: It is none of these, or what it wants can not be told from its signature.
    """
    # Not `issubclass`, which asks the abstract base class in Python: this is on the way of every execution.
    if BaseAction in getattr(target, "__mro__", ()):
        if target.__abstractmethods__:
            raise _refuse_unfinished(target)
        return target  # type: ignore[no-any-return]
    if not callable(target):
        raise PluginRunError(
            f"{target!r} is a {type(target).__name__}: no subclass of BaseAction, no function and no class.",
            hint="Derive it: class …(BaseAction[Params]), from synapse_sdk.plugins.",
        )
    if getattr(target, "_is_action", False):
        return _adapt_decorated(target, name)
    if getattr(target, "_is_exporter", False):
        from synapse_sdk.plugins.actions.export.action import build_export_action

        return build_export_action(target, name)
    if getattr(target, "_is_serve_deployment", False):
        from synapse_sdk.plugins.actions.inference.serve_action import build_serve_action

        return build_serve_action(target, name)
    if isinstance(target, type):
        return _adapt_class(target, name)
    return _adapt_function(target, name)


def _refuse_unfinished(target: type[Any]) -> PluginRunError:
    missing = sorted(target.__abstractmethods__)
    found = [name for name, value in vars(target).items() if callable(value) and not name.startswith("__")]
    close = next((close for name in missing if (close := find_closest(name, found))), None)
    return PluginRunError(
        f"{target.__name__} has no {' and no '.join(f'{name}()' for name in missing)}.",
        {"missing": missing},
        hint=f"Write it in the class.{f' Or is {close}() meant to be it?' if close else ''}",
    )


def _adapt_function(target: Callable[..., Any], name: str | None) -> type[BaseAction[Any]]:
    call = _Call.read(target)

    def execute(self: BaseAction[Any]) -> Any:
        args, kwargs = call.bind(self.params, self.ctx)
        return target(*args, **kwargs)

    return _build(target, name, execute, _choose_model(target, [call]), getattr(target, "result_model", None))


def _adapt_decorated(target: Any, name: str | None) -> type[BaseAction[Any]]:
    parameters = _signature(target).parameters.values()
    places = [item for item in parameters if item.kind in _PLACES]
    takes_all = any(item.kind is inspect.Parameter.VAR_POSITIONAL for item in parameters)
    count = 2 if takes_all else len(places)

    def execute(self: BaseAction[Any]) -> Any:
        return target(*(self.params, self.ctx)[:count])

    first = places[0].annotation if places else None
    model = target._action_params or (first if _is_model(first) else None)  # noqa: SLF001 - the decorator's mark
    return _build(target, name or target._action_name, execute, model, target._action_result)  # noqa: SLF001


def _adapt_class(target: type, name: str | None) -> type[BaseAction[Any]]:
    method = _find_method(target, name)
    make = _Call.read(target)
    do = _Call.read(getattr(target, method), skips_first=True)

    def execute(self: BaseAction[Any]) -> Any:
        args, kwargs = make.bind(self.params, self.ctx)
        worker = target(*args, **kwargs)
        args, kwargs = do.bind(self.params, self.ctx)
        return getattr(worker, method)(*args, **kwargs)

    model = getattr(target, "params_model", None) or _choose_model(target, [make, do])
    return _build(target, name, execute, model, getattr(target, "result_model", None))


def _find_method(target: type, name: str | None) -> str:
    wanted = [*_METHODS, *([name] if name else []), "__call__"]
    for method in wanted:
        if callable(getattr(target, method, None)) and (
            method != "__call__" or "__call__" in _members(target)
        ):
            return method
    raise PluginRunError(
        f"The class {target.__name__} has no {', no '.join(f'{method}()' for method in wanted)}: "
        "there is nothing to execute.",
        {"class": target.__qualname__, "looked_for": wanted},
        hint="Derive it: class …(BaseAction[Params]), from synapse_sdk.plugins.",
    )


def _members(target: type) -> set[str]:
    # Every class can be called; whether its instances can is another matter.
    return {member for base in target.__mro__ if base is not object for member in vars(base)}


class _Call:
    """What a callable wants, and how it gets it."""

    def __init__(self, target: Any, parameters: list[inspect.Parameter]) -> None:
        self.target = target
        self.parameters = parameters

    @classmethod
    def read(cls, target: Any, *, skips_first: bool = False) -> _Call:
        """Read a signature; `skips_first` leaves out the `self` of a method."""
        parameters = list(_signature(target).parameters.values())
        return cls(target, parameters[1:] if skips_first else parameters)

    def own_params(self) -> Iterator[inspect.Parameter]:
        """Iterate over the parameters that are params of the action by their own names."""
        for parameter in self.parameters:
            is_named = parameter.kind in (*_PLACES, inspect.Parameter.KEYWORD_ONLY)
            if is_named and not _is_context(parameter) and not _is_whole(parameter):
                yield parameter

    @property
    def whole(self) -> inspect.Parameter | None:
        """The parameter that takes all params at once."""
        return next((item for item in self.parameters if _is_whole(item) and not _is_context(item)), None)

    @property
    def takes_any(self) -> bool:
        """Is there a `**kwargs`?"""
        return any(item.kind is inspect.Parameter.VAR_KEYWORD for item in self.parameters)

    def bind(self, params: Any, ctx: Any) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments of one call."""
        values = _as_mapping(params)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for item in self.parameters:
            if item.kind is inspect.Parameter.VAR_POSITIONAL:
                continue
            if item.kind is inspect.Parameter.VAR_KEYWORD:
                taken = {other.name for other in self.parameters}
                kwargs |= {key: value for key, value in values.items() if key not in taken}
            elif _is_context(item) or _is_whole(item) or item.name in values:
                value = ctx if _is_context(item) else params if _is_whole(item) else values[item.name]
                if item.kind is inspect.Parameter.POSITIONAL_ONLY:
                    args.append(value)
                else:
                    kwargs[item.name] = value
        return args, kwargs


def _is_context(parameter: inspect.Parameter) -> bool:
    return parameter.name in _CONTEXT_NAMES


def _is_whole(parameter: inspect.Parameter) -> bool:
    return parameter.name == _PARAMS_NAME or _is_model(parameter.annotation)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _as_mapping(params: Any) -> Mapping[str, Any]:
    if isinstance(params, BaseModel):
        return {
            **{name: getattr(params, name) for name in type(params).model_fields},
            **(params.model_extra or {}),
        }
    return params if isinstance(params, Mapping) else {}


def _signature(target: Any) -> inspect.Signature:
    try:
        return inspect.signature(target, eval_str=True)
    except (ValueError, TypeError, NameError) as error:
        name = getattr(target, "__qualname__", repr(target))
        raise PluginRunError(
            f"What {name} takes can not be told from its signature: {error}.",
            {"callable": name},
            hint="Write it as a class derived from BaseAction[Params], from synapse_sdk.plugins.",
        ) from error


def _choose_model(target: Any, calls: list[_Call]) -> type[BaseModel] | None:
    """Return the model that a signature names, or one that is made of its parameters; None for any dict."""
    for call in calls:
        if (whole := call.whole) is not None:
            return whole.annotation if _is_model(whole.annotation) else None
    fields: dict[str, Any] = {}
    for call in calls:
        for item in call.own_params():
            if item.name.startswith("_"):  # private: its own default, or nobody can give it
                if item.default is item.empty:
                    raise _refuse_parameters(target, f"{item.name} begins with an underscore")
                continue
            annotation = Any if item.annotation is item.empty else item.annotation
            fields[item.name] = (annotation, ... if item.default is item.empty else item.default)
    extra: Literal["allow", "ignore"] = "allow" if any(call.takes_any for call in calls) else "ignore"
    name = f"{getattr(target, '__name__', type(target).__name__)}_params"
    try:
        with warnings.catch_warnings():
            # A parameter may be called `schema` or `copy`; those of the model are not needed.
            warnings.simplefilter("ignore", UserWarning)
            config = ConfigDict(extra=extra, protected_namespaces=(), arbitrary_types_allowed=True)
            return pydantic.create_model(name, __config__=config, **fields)
    except (NameError, TypeError, pydantic.PydanticUserError) as error:
        raise _refuse_parameters(target, str(error)) from error


def _refuse_parameters(target: Any, reason: str) -> PluginRunError:
    return PluginRunError(
        f"The parameters of {getattr(target, '__qualname__', target)!r} can not be params: {reason}.",
        hint="Take one parameter `params`, annotated with a pydantic model.",
    )


def _build(
    target: Any, name: str | None, execute: Callable[[Any], Any], model: type[BaseModel] | None, result: Any
) -> type[BaseAction[Any]]:
    members: dict[str, Any] = {
        "__doc__": target.__doc__,
        "__module__": getattr(target, "__module__", __name__),
        "action_name": name,
        "category": getattr(target, "_action_category", None),
        "execute": execute,
        "result_model": result or NoResult,
        "strict_result": bool(getattr(target, "strict_result", False)),
    }
    if model is not None:
        members["params_model"] = model
    return type(getattr(target, "__name__", type(target).__name__), (BaseAction,), members)
