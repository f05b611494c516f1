"""xgboost: each boosting round's metrics, by the name of their data."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synapse_sdk.integrations._base import BaseIntegration, is_installed, register_integration
from synapse_sdk.integrations._patches import Patches
from synapse_sdk.integrations._reporter import Reporter

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction

#: What `xgboost.train` makes of itself.
_DEFAULT_ROUNDS = 10


@register_integration("xgboost")
class XGBoostIntegration(BaseIntegration):
    """Adds a callback to `xgboost.train`, which its scikit-learn classes call too."""

    def __init__(self) -> None:
        self._patches = Patches()

    def enable(self, action: BaseAction[Any]) -> None:
        """See `BaseIntegration`."""
        import xgboost
        import xgboost.sklearn
        import xgboost.training

        reporter = Reporter(self.name, action)
        # The same function, under each name that it is called by.
        for module in (xgboost, xgboost.training, xgboost.sklearn):
            self._patches.wrap(module, "train", functools.partial(_wrap_train, reporter))

    def disable(self) -> None:
        """See `BaseIntegration`."""
        self._patches.undo()

    def is_available(self) -> bool:
        """See `BaseIntegration`."""
        return is_installed("xgboost")


def _wrap_train(reporter: Reporter, train: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(train)
    def train_and_report(
        params: Any, dtrain: Any, num_boost_round: int = _DEFAULT_ROUNDS, **options: Any
    ) -> Any:
        callbacks = [*(options.pop("callbacks", None) or ()), _make_callback(reporter, num_boost_round)]
        return train(params, dtrain, num_boost_round, callbacks=callbacks, **options)

    return train_and_report


def _make_callback(reporter: Reporter, round_count: int) -> Any:
    from xgboost.callback import TrainingCallback

    class Report(TrainingCallback):
        """Tells a reporter; it never stops a training."""

        _done = 0

        def before_training(self, model: Any) -> Any:
            with reporter.guarded():
                reporter.begin(round_count)
            return model

        def after_iteration(
            self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Sequence[Any]]]
        ) -> bool:
            # `epoch` counts on from the model that is gone on with.
            self._done += 1
            with reporter.guarded():
                for data, found in evals_log.items():
                    reporter.metrics(data, {name: _last(values) for name, values in found.items()})
                reporter.epoch_done(self._done, round_count)
            return False

        def after_training(self, model: Any) -> Any:
            with reporter.guarded():
                reporter.end()
            return model

    return Report()


def _last(values: Sequence[Any]) -> Any:
    """Return the newest value; of a cross-validation a pair with its deviation."""
    return values[-1][0] if isinstance(values[-1], tuple) else values[-1]
