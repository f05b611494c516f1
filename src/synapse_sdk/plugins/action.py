"""`BaseAction`: one named entry point of a plugin.

Source: interface sheet `core.md` §2.1; plugin guide, "Implement Actions".
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import CoroutineType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel

from synapse_sdk._internal.awaiting import wait_for
from synapse_sdk.plugins.enums import LogLevel
from synapse_sdk.plugins.result import NoResult, enforce_result, validate_result

if TYPE_CHECKING:
    from synapse_sdk.i18n import LocalizedMessage
    from synapse_sdk.plugins.base_logger import BaseLogger
    from synapse_sdk.plugins.context import RuntimeContext
    from synapse_sdk.plugins.enums import PluginCategory
    from synapse_sdk.plugins.log_messages import LogMessageCode
    from synapse_sdk.plugins.types import DataType

P = TypeVar("P")


class BaseAction(ABC, Generic[P]):
    """Derive from it, name your params model in the brackets, write `execute()`.

    ```python
    class Greet(BaseAction[GreetParams]):
        def execute(self) -> dict[str, str]:
            return {"text": f"Hello {self.params.name}"}
    ```
    """

    action_name: ClassVar[str | None] = None
    category: ClassVar[PluginCategory | None] = None
    input_type: ClassVar[type[DataType] | str | None] = None
    output_type: ClassVar[type[DataType] | str | None] = None
    #: Taken from the brackets; absent for a bare `BaseAction`, whose params stay a plain dict.
    params_model: ClassVar[type[BaseModel]]
    #: What `execute()` promises to return; a value that does not fit is warned about, not changed.
    result_model: ClassVar[type[Any]] = NoResult
    #: Hold `execute()` to its promise: what does not fit fails, a dictionary that fits becomes the model.
    strict_result: ClassVar[bool] = False

    params: P
    ctx: RuntimeContext

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "params_model" not in vars(cls) and (found := _find_params_model(cls)) is not None:
            cls.params_model = found

    def __init__(self, params: P, ctx: RuntimeContext) -> None:
        self.params = params
        self.ctx = ctx

    @abstractmethod
    def execute(self) -> Any:
        """Do the work and return the result: a model, a dict or any plain value. May be `async`."""

    def run(self) -> Any:
        """Execute, and check the result against `result_model`."""
        # Most actions are plain functions without autolog or a result model: each call less counts here.
        try:
            result = self.execute()
            if isinstance(result, CoroutineType):
                result = wait_for(result)
        finally:
            if "synapse_sdk.integrations" in sys.modules:
                self._end_autolog()
        if type(self).result_model is NoResult and type(result) is dict:
            return result
        return self._check_result(result)

    @staticmethod
    def wait_for(result: Any) -> Any:
        """Return what an `async` method came to; any other value as it is."""
        return wait_for(result)

    @classmethod
    def dispatch(cls, params: Mapping[str, Any] | BaseModel, ctx: RuntimeContext) -> Any:
        """Validate `params`, build the action, run it.

        Raises:
            pydantic.ValidationError: `params` do not fit `params_model`.
        """
        model = getattr(cls, "params_model", None)
        checked: Any = (
            params if model is None else model.model_validate(params, context={"client": ctx.client})
        )
        return cls(checked, ctx).run()

    @classmethod
    def input_references(cls, params: Any) -> list[tuple[str, int]]:
        """Name the datasets and models that `params` point at, as (kind, id); recorded with the run."""
        return []

    @classmethod
    def get_log_message_code_class(cls) -> type[LogMessageCode]:
        """Return the codes of this action's messages, where it has some."""
        raise NotImplementedError(f"{cls.__name__} has no message codes")

    @property
    def logger(self) -> BaseLogger:
        """Where this action's events go, with the calls of a logger: `self.logger.info("…")`."""
        return self.ctx.logger

    def set_progress(
        self, current: float, total: float, step: str | None = None, *, category: str | None = None
    ) -> None:
        """Say how far a step has come. See `RuntimeContext.set_progress`."""
        self.ctx.set_progress(current, total, step if step is not None else category)

    def set_metrics(
        self, value: Mapping[str, Any], step: str | None = None, *, category: str | None = None
    ) -> None:
        """Record numbers of a step. See `RuntimeContext.set_metrics`."""
        self.ctx.set_metrics(value, step if step is not None else category)

    def log(self, event: str, data: Mapping[str, Any], file: str | None = None) -> None:
        """Record an event of your own."""
        self.ctx.log(event, data, file)

    def log_message(
        self,
        message: str | Mapping[str, str] | LogMessageCode | LocalizedMessage,
        level: LogLevel | str = LogLevel.INFO,
        *,
        context: LogLevel | str | None = None,
        **values: Any,
    ) -> None:
        """Tell a person something. See `RuntimeContext.log_message`."""
        self.ctx.log_message(message, level, context=context, **values)

    def log_metric(self, category: str, key: str, value: float, **metrics: float) -> None:
        """Record one number of `category`, and others that were measured with it."""
        self.ctx.log_metric(category, key, value, **metrics)

    def log_visualization(self, category: str, group: str, index: int, image: str, **meta: Any) -> None:
        """Record a picture's file as part of a gallery."""
        self.ctx.log_visualization(category, group, index, image, **meta)

    def autolog(self, framework: str) -> None:
        """Have trainings of a framework report through this action until it ends.

        Args:
            framework: Such as `ultralytics`, `lightning`, `sklearn`, `xgboost`, `lightgbm`.

        Raises:
            ValueError: No such framework is known; the message names those that are.
            ImportError: It is not installed.
        """
        from synapse_sdk.integrations import autolog

        autolog(framework, self)

    def _end_autolog(self) -> None:
        if (integrations := sys.modules.get("synapse_sdk.integrations")) is not None:
            integrations.end_autolog(self)

    def _check_result(self, result: Any) -> Any:
        model = type(self).result_model
        if type(self).strict_result:
            return enforce_result(result, model)
        return validate_result(result, model, self._warn_of_result)

    def _warn_of_result(self, problem: str) -> None:
        self.ctx.log_message(problem, "warning")


def _find_params_model(cls: type) -> type[BaseModel] | None:
    """Read the model out of the brackets of `cls`: of `BaseAction[Model]`, or of a generic class between.

    In `class Middle(BaseAction[T], Generic[R, T])` and `class Leaf(Middle[Result, Model])`, Model fills T.

    Raises:
        TypeError: The class between works with params of its own, and the model is not derived from them.
    """
    for base in vars(cls).get("__orig_bases__", ()):
        origin = get_origin(base)
        if isinstance(origin, type) and issubclass(origin, BaseAction):
            wanted = _find_params_variable(origin)
            arguments = dict(zip(origin.__parameters__, get_args(base), strict=False))  # type: ignore[attr-defined]
            argument = arguments.get(wanted)
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                bound = getattr(wanted, "__bound__", None)
                if isinstance(bound, type) and not issubclass(argument, bound):
                    raise TypeError(
                        f"{cls.__name__}: {argument.__name__} is not derived from {bound.__name__}, "
                        f"which {origin.__name__} needs: write class {argument.__name__}({bound.__name__})"
                    )
                return argument
    return None


def _find_params_variable(cls: type) -> Any:
    """Return the type variable that stands for the params in a generic action class."""
    if cls is BaseAction:
        return P
    for base in vars(cls).get("__orig_bases__", ()):
        origin = get_origin(base)
        if isinstance(origin, type) and issubclass(origin, BaseAction):
            inner = _find_params_variable(origin)
            return dict(zip(origin.__parameters__, get_args(base), strict=False)).get(inner)  # type: ignore[attr-defined]
    return None
