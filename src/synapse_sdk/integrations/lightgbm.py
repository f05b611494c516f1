"""lightgbm: each boosting round's metrics, by the name of their data."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from synapse_sdk.integrations._base import BaseIntegration, is_installed, register_integration
from synapse_sdk.integrations._patches import Patches
from synapse_sdk.integrations._reporter import Reporter

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction


@register_integration("lightgbm")
class LightGBMIntegration(BaseIntegration):
    """Adds a callback to `lightgbm.train`, which its scikit-learn classes call too."""

    def __init__(self) -> None:
        self._patches = Patches()

    def enable(self, action: BaseAction[Any]) -> None:
        """See `BaseIntegration`."""
        import lightgbm
        import lightgbm.engine
        import lightgbm.sklearn

        reporter = Reporter(self.name, action)
        # The same function, under each name that it is called by.
        for module in (lightgbm, lightgbm.engine, lightgbm.sklearn):
            self._patches.wrap(module, "train", functools.partial(_wrap_train, reporter))

    def disable(self) -> None:
        """See `BaseIntegration`."""
        self._patches.undo()

    def is_available(self) -> bool:
        """See `BaseIntegration`."""
        return is_installed("lightgbm")


def _wrap_train(reporter: Reporter, train: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(train)
    def train_and_report(*args: Any, **options: Any) -> Any:
        callbacks = [*(options.pop("callbacks", None) or ()), _make_callback(reporter)]
        booster = train(*args, callbacks=callbacks, **options)
        with reporter.guarded():
            reporter.end()
        return booster

    return train_and_report


def _make_callback(reporter: Reporter) -> Callable[[Any], None]:
    def report(env: Any) -> None:
        with reporter.guarded():
            total = env.end_iteration - env.begin_iteration
            done = env.iteration - env.begin_iteration + 1
            if done == 1:
                reporter.begin(total)
            found: dict[str, dict[str, float]] = {}
            for result in env.evaluation_result_list or ():
                data, name, value = tuple(result)[:3]
                found.setdefault(data, {})[name] = value
            for data, values in found.items():
                reporter.metrics(data, values)
            reporter.epoch_done(done, total)

    # Before early stopping, which is 30 and leaves by an exception.
    report.order = 20  # type: ignore[attr-defined]
    return report
