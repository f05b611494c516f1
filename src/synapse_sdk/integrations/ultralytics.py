"""ultralytics: losses, validation metrics and pictures of each epoch, whatever the task."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_sdk.integrations._base import BaseIntegration, is_installed, register_integration
from synapse_sdk.integrations._patches import Patches
from synapse_sdk.integrations._reporter import Reporter

if TYPE_CHECKING:
    from synapse_sdk.plugins.action import BaseAction

#: Pictures of the validation that an epoch shows.
PICTURES_AT_MOST = 3
#: `metrics/mAP50-95(M)` is of masks; of boxes, `B`, nothing is said.
_METRIC = re.compile(r"metrics/(?P<name>[^(]+)(\((?P<part>\w)\))?")
_PARTS = {None: "", "B": "", "M": "mask_", "P": "pose_"}


@register_integration("ultralytics")
class UltralyticsIntegration(BaseIntegration):
    """Listens to every trainer's own events: of detection, segmentation, classification and pose."""

    def __init__(self) -> None:
        self._patches = Patches()

    def enable(self, action: BaseAction[Any]) -> None:
        """See `BaseIntegration`."""
        from ultralytics.engine.trainer import BaseTrainer

        wrap = functools.partial(_wrap_run_callbacks, Reporter(self.name, action))
        self._patches.wrap(BaseTrainer, "run_callbacks", wrap)

    def disable(self) -> None:
        """See `BaseIntegration`."""
        self._patches.undo()

    def is_available(self) -> bool:
        """See `BaseIntegration`."""
        return is_installed("ultralytics")


def _wrap_run_callbacks(reporter: Reporter, run_callbacks: Callable[..., None]) -> Callable[..., None]:
    training = _Training(reporter)
    handlers: Mapping[str, Callable[[Any], None]] = {
        "on_train_start": training.begin,
        "on_train_epoch_end": training.epoch_trained,
        "on_fit_epoch_end": training.epoch_done,
        "on_train_end": training.end,
    }

    @functools.wraps(run_callbacks)
    def run_and_report(trainer: Any, event: str) -> None:
        run_callbacks(trainer, event)
        if (handle := handlers.get(event)) is not None:
            with reporter.guarded():
                handle(trainer)

    return run_and_report


class _Training:
    """Reports what a trainer tells."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._is_trained = False
        self._epoch = 0
        self._shown: dict[Path, int] = {}

    def begin(self, trainer: Any) -> None:
        self._reporter.begin(trainer.epochs, weights_dir=str(trainer.wdir))

    def epoch_trained(self, trainer: Any) -> None:
        self._is_trained, self._epoch = True, trainer.epoch + 1

    def epoch_done(self, trainer: Any) -> None:
        if not self._is_trained:  # told once more when the best weights are validated, at the end
            return
        self._is_trained = False
        losses = trainer.label_loss_items(trainer.tloss, prefix="train")
        self._reporter.metrics("train", {name.removeprefix("train/"): float(v) for name, v in losses.items()})
        self._reporter.metrics("validation", _name_metrics(trainer.metrics))
        self._show_pictures(Path(trainer.save_dir))
        self._reporter.epoch_done(self._epoch, trainer.epochs)

    def end(self, trainer: Any) -> None:
        self._show_pictures(Path(trainer.save_dir))
        self._reporter.end()

    def _show_pictures(self, folder: Path) -> None:
        """Report the predictions on validation pictures that are new or newly drawn."""
        for index, file in enumerate(sorted(folder.glob("val_batch*_pred.jpg"))[:PICTURES_AT_MOST]):
            drawn_ns = file.stat().st_mtime_ns
            if self._shown.get(file) != drawn_ns:
                self._shown[file] = drawn_ns
                self._reporter.picture("validation", f"epoch_{self._epoch}", index, str(file))


def _name_metrics(found: Mapping[str, Any]) -> dict[str, float]:
    """Return `mAP50`, `mAP50_95`, `mask_mAP50` …, `accuracy_top1`, and the losses of the validation."""
    named = {}
    for name, value in found.items():
        if match := _METRIC.fullmatch(name):
            part = _PARTS.get(match["part"], f"{match['part']}_")
            named[part + match["name"].replace("-", "_")] = float(value)
        elif name.startswith("val/"):
            named[name.removeprefix("val/")] = float(value)
    return named
