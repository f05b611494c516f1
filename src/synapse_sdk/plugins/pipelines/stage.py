"""One action of a pipeline: takes the params gathered so far, and adds what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pydantic
from pydantic import BaseModel

from synapse_sdk._internal.errors import read_words
from synapse_sdk.plugins.as_action import as_action
from synapse_sdk.plugins.errors import ParamsError, PipelineError, PipelineParamsError
from synapse_sdk.plugins.params import validate_params

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction
    from synapse_sdk.plugins.context import RuntimeContext


class Stage:
    """An action at its place in a pipeline."""

    __slots__ = ("action", "name", "params_model", "place", "result_model")

    def __init__(self, action: Any, place: int) -> None:
        """Take an action in: a class derived from `BaseAction`, a function or a plain class.

        Raises:
            PluginRunError: It is none of these.
        """
        self.action: type[BaseAction[Any]] = as_action(action)
        self.place = place
        self.name = self.action.action_name or self.action.__name__
        self.params_model = _as_model(getattr(self.action, "params_model", None))
        self.result_model = _as_model(self.action.result_model)

    def run(self, held: dict[str, Any], ctx: RuntimeContext) -> Any:
        """Validate what is held, run the action, return its result.

        Raises:
            PipelineParamsError: What is held does not fit its params.
            PipelineError: The action failed; its own exception is the cause.
        """
        try:
            # A copy: validators and actions without a model get the dictionary itself.
            params = validate_params(self.action, dict(held), action=self.name, client=ctx.client)
        except ParamsError as error:
            raise PipelineParamsError(
                f"Action '{self.name}' was not run: {error.message}", self._locate(error), hint=error.hint
            ) from error
        try:
            return self.action(params, ctx).run()
        except Exception as error:
            why = read_words(error) or type(error).__name__
            raise PipelineError(
                f"Action '{self.name}' failed: {why}",
                self._locate(error),
                hint=getattr(error, "hint", None),
            ) from error

    def add(self, result: Any, held: dict[str, Any], ctx: RuntimeContext) -> None:
        """Lay the result over what is held.

        A model gives its fields by their Python names, and what else it was given. A dictionary gives
        all that it holds; what its action's result model knows, in that model's types.
        """
        if isinstance(result, BaseModel):
            values = read_values(result)
            if isinstance(values, dict):
                held.update(values)
                return
            result = values
        if isinstance(result, Mapping):
            held.update(result)
            if self.result_model is not None:
                held.update(self._convert(result))
        elif result is not None:
            ctx.log_message(
                f"{self.name} returned a {type(result).__name__}, which adds nothing to the params of what "
                "follows; return a dictionary or a model.",
                "warning",
            )

    def _convert(self, result: Mapping[str, Any]) -> dict[str, Any]:
        assert self.result_model is not None
        try:
            values = read_values(self.result_model.__pydantic_validator__.validate_python(dict(result)))
        except pydantic.ValidationError:
            return {}  # the action itself has warned of it: see `validate_result`
        return values if isinstance(values, dict) else {}

    def _locate(self, error: Exception) -> dict[str, Any]:
        return {**getattr(error, "details", {}), "action": self.name, "place": self.place}


def read_values(model: BaseModel) -> Any:
    """Return what a model holds, by the Python names of its fields: a dict, save for a root model."""
    values = model.model_dump(by_alias=False)
    extra = model.__pydantic_extra__
    return {**extra, **values} if extra and isinstance(values, dict) else values


def _as_model(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
