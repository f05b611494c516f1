"""scikit-learn: each `partial_fit` of a training that goes batch by batch."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from synapse_sdk.integrations._base import BaseIntegration, is_installed, register_integration
from synapse_sdk.integrations._patches import Patches
from synapse_sdk.integrations._reporter import Reporter

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction

#: What estimators keep of their last batch, and how it is called here.
_LOSSES = {"loss_": "loss", "inertia_": "inertia"}


@register_integration("sklearn")
class SklearnIntegration(BaseIntegration):
    """Wraps `partial_fit` of every estimator class, those included that are defined or imported later.

    A training by `fit` says nothing on its way, and is left alone. How many batches there will be is not
    known, so there is no progress: that is the action's to tell.
    """

    package = "scikit-learn"

    def __init__(self) -> None:
        self._patches = Patches()

    def enable(self, action: BaseAction[Any]) -> None:
        """See `BaseIntegration`."""
        from sklearn.base import BaseEstimator

        wrap = _Wrapper(Reporter(self.name, action), self._patches).wrap_class
        for cls in _iter_subclasses(BaseEstimator):
            wrap(cls)
        self._patches.wrap(
            BaseEstimator, "__init_subclass__", functools.partial(_wrap_subclassing, BaseEstimator, wrap)
        )

    def disable(self) -> None:
        """See `BaseIntegration`."""
        self._patches.undo()

    def is_available(self) -> bool:
        """See `BaseIntegration`."""
        return is_installed("sklearn")


class _Wrapper:
    """Wraps classes; counts what each estimator was given."""

    def __init__(self, reporter: Reporter, patches: Patches) -> None:
        self._reporter = reporter
        self._patches = patches
        self._sample_counts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._running = threading.local()

    def wrap_class(self, cls: type) -> None:
        """Wrap a class's own `partial_fit`, if it has one."""
        if "partial_fit" in vars(cls):
            self._patches.wrap(cls, "partial_fit", lambda method: _Reported(method, self._call))

    def _call(
        self, estimator: Any, partial_fit: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        if getattr(
            self._running, "is_inside", False
        ):  # of an estimator that is made of others, or calls super
            return partial_fit(*args, **options)
        self._running.is_inside = True
        try:
            fitted = partial_fit(*args, **options)
        finally:
            self._running.is_inside = False
        with self._reporter.guarded():
            self._report(estimator, *_name_data(args, options))
        return fitted

    def _report(self, estimator: Any, data: Any, target: Any) -> None:
        count = self._sample_counts.get(estimator, 0) + _count_samples(data)
        self._sample_counts[estimator] = count
        values: dict[str, Any] = {"sample_count": count}
        for attribute, name in _LOSSES.items():
            if (value := getattr(estimator, attribute, None)) is not None:
                values[name] = value
        if target is not None and hasattr(estimator, "score"):
            values["score"] = estimator.score(data, target)
        self._reporter.metrics("train", values)


class _Reported:
    """A method whose calls on instances go through another function.

    scikit-learn's own methods may be descriptors that are there for some instances only; they stay so. What
    is read from the class itself, a signature for example, is the original.
    """

    def __init__(self, method: Any, call: Callable[..., Any]) -> None:
        self._method = method
        self._call = call

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        found = self._method.__get__(instance, owner)
        if instance is None:
            return found

        @functools.wraps(found)
        def call(*args: Any, **options: Any) -> Any:
            return self._call(instance, found, args, options)

        return call


def _name_data(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, Any]:
    """Return X and y of a call, by place or by name; None for a y that it has not."""
    data = args[0] if args else options["X"]
    return data, args[1] if len(args) > 1 else options.get("y")


def _count_samples(data: Any) -> int:
    # A sparse matrix has a shape and no length.
    return int(data.shape[0]) if hasattr(data, "shape") else len(data)


def _wrap_subclassing(base: Any, wrap: Callable[[type], None], hook: Any) -> Any:
    def init_subclass(cls: Any, /, **options: Any) -> None:
        if isinstance(hook, classmethod):
            hook.__get__(None, cls)(**options)
        else:  # inherited
            super(base, cls).__init_subclass__(**options)
        wrap(cls)

    return classmethod(init_subclass)


def _iter_subclasses(cls: type) -> Iterator[type]:
    """Yield a class and all that derive from it, each once."""
    seen: set[type] = set()
    waiting = [cls]
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            yield found
            waiting += found.__subclasses__()
