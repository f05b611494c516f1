"""Lightning: each epoch's logged metrics, of both of its packages."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from synapse_sdk.integrations._base import BaseIntegration, is_installed, register_integration
from synapse_sdk.integrations._patches import Patches
from synapse_sdk.integrations._reporter import Reporter

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction

#: The same framework under its new and its old name.
_PACKAGES = {"lightning": "lightning.pytorch", "pytorch_lightning": "pytorch_lightning"}


@register_integration("lightning")
class LightningIntegration(BaseIntegration):
    """Adds a callback to every `Trainer` that fits, those included that were made before."""

    def __init__(self) -> None:
        self._patches = Patches()

    def enable(self, action: BaseAction[Any]) -> None:
        """See `BaseIntegration`."""
        reporter = Reporter(self.name, action)
        for package, module in _PACKAGES.items():
            if is_installed(package):
                pytorch = importlib.import_module(module)
                wrap = functools.partial(_wrap_fit, reporter, pytorch.Callback)
                self._patches.wrap(pytorch.Trainer, "fit", wrap)

    def disable(self) -> None:
        """See `BaseIntegration`."""
        self._patches.undo()

    def is_available(self) -> bool:
        """See `BaseIntegration`."""
        return any(map(is_installed, _PACKAGES))


def _wrap_fit(reporter: Reporter, base: type, fit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fit)
    def fit_and_report(trainer: Any, *args: Any, **options: Any) -> Any:
        callback = _make_callback(reporter, base)
        trainer.callbacks.append(callback)
        try:
            return fit(trainer, *args, **options)
        finally:
            if callback in trainer.callbacks:
                trainer.callbacks.remove(callback)

    return fit_and_report


def _make_callback(reporter: Reporter, base: Any) -> Any:
    class Report(base):  # type: ignore[misc]  # known at run time only
        """Tells a reporter."""

        def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
            with reporter.guarded():
                reporter.begin(_count_epochs(trainer))

        def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            if trainer.sanity_checking:  # a few batches before the first epoch
                return
            with reporter.guarded():
                reporter.metrics("validation", _pick(trainer, is_validation=True))

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            with reporter.guarded():
                reporter.metrics("train", _pick(trainer, is_validation=False))
                reporter.epoch_done(trainer.current_epoch + 1, _count_epochs(trainer))

        def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
            with reporter.guarded():
                reporter.end()

    return Report()


def _count_epochs(trainer: Any) -> int | None:
    """Return how many epochs there will be at most; None where only steps, or nothing, bound them."""
    count = trainer.max_epochs
    return count if count is not None and count > 0 else None


def _pick(trainer: Any, *, is_validation: bool) -> Mapping[str, float]:
    """Return what a module has logged, by whether its name says that it is of the validation."""
    return {
        name: float(value)
        for name, value in trainer.callback_metrics.items()
        if name.startswith(("val_", "val/", "valid")) == is_validation
    }
