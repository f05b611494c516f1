"""Lightning itself. Run by `make test-integrations`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from tests.integrations.conftest import Reports
from torch.utils.data import DataLoader, TensorDataset

DATA = torch.randn(32, 4, generator=torch.Generator().manual_seed(1))
BATCHES = DataLoader(TensorDataset(DATA, DATA.sum(1, keepdim=True)), batch_size=8)
pytestmark = pytest.mark.filterwarnings("ignore")


class Line(pl.LightningModule):
    """One layer that logs its losses."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch: Any, index: int) -> Any:
        loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        self.log("val_loss", torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.05)


def make_trainer(folder: Path, **options: Any) -> pl.Trainer:
    silent = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    return pl.Trainer(default_root_dir=folder, accelerator="cpu", **silent, **options)


def test_each_epoch_is_reported(reports: Reports, tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, max_epochs=4)  # made before: found all the same

    def execute(action: Any) -> None:
        action.autolog("lightning")
        trainer.fit(Line(), BATCHES, BATCHES)

    reports.action(execute).run()

    train, validation = reports.metrics("train"), reports.metrics("validation")
    assert [point.keys() for point in train] == [{"train_loss"}] * 4
    assert [point.keys() for point in validation] == [{"val_loss"}] * 4
    assert train[-1]["train_loss"] < train[0]["train_loss"]
    assert reports.last_progress() == (4, 4)
    assert "could not report" not in " ".join(reports.texts())


def test_a_training_bounded_by_steps_has_metrics_and_no_progress(reports: Reports, tmp_path: Path) -> None:
    def execute(action: Any) -> None:
        action.autolog("lightning")
        make_trainer(tmp_path, max_steps=8, max_epochs=-1).fit(Line(), BATCHES, BATCHES)

    reports.action(execute).run()

    assert len(reports.metrics("train")) == 2
    assert reports.sink.of_kind("progress") == []


def test_nothing_stays_patched(reports: Reports, tmp_path: Path) -> None:
    before = dict(vars(pl.Trainer))
    trainer = make_trainer(tmp_path, max_epochs=1)
    callbacks = list(trainer.callbacks)

    def execute(action: Any) -> None:
        action.autolog("lightning")
        trainer.fit(Line(), BATCHES)

    reports.action(execute).run()

    assert dict(vars(pl.Trainer)) == before
    assert trainer.callbacks == callbacks
