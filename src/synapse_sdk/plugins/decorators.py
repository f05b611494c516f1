"""`@action`: a function as an action.

Source: interface sheet `core.md` §2.3. Unlike there, `@action` without brackets works, and what it
decorates can be executed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from pydantic import BaseModel

    from synapse_sdk.plugins.enums import PluginCategory

F = TypeVar("F", bound=Callable[..., Any])


@overload
def action(name: F) -> F: ...
@overload
def action(
    name: str | None = None,
    description: str = "",
    params: type[BaseModel] | None = None,
    result: type[Any] | None = None,
    category: PluginCategory | None = None,
) -> Callable[[F], F]: ...
def action(
    name: str | F | None = None,
    description: str = "",
    params: type[BaseModel] | None = None,
    result: type[Any] | None = None,
    category: PluginCategory | None = None,
) -> Any:
    """Mark a function `fn(params, context)` as an action. Called directly it is the function that it was.

    Args:
        name: What the action is called; the function's name unless given.
        description: What it does, in a sentence.
        params: Model that params are checked against before the function sees them.
        result: Model of what it returns.
        category: The kind of plugin it belongs to.
    """
    if callable(name):
        return action()(name)

    def decorate(function: F) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        marks = {
            "_is_action": True,
            "_action_name": name or getattr(function, "__name__", type(function).__name__),
            "_action_description": description,
            "_action_params": params,
            "_action_result": result,
            "_action_category": category,
        }
        for mark, value in marks.items():
            setattr(call, mark, value)
        return call

    return decorate
