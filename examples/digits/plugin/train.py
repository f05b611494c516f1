"""The train action."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field

from synapse_sdk.plugins import BaseTrainAction, ExecutionError, PluginCategory
from synapse_sdk.plugins.types import ModelWeights

from .images import LabelledImages, read_classes
from .reader import DigitReader


class TrainParams(BaseModel):
    """What a training can be told."""

    dataset: int = Field(description="Dataset with class folders in train/ and validation/")
    epochs: int = Field(default=12, ge=1, le=1000, description="How often to go through the data")
    learning_rate: float = Field(default=0.3, gt=0, le=10, description="How far each image moves the model")
    checkpoint: int | None = Field(default=None, description="Model to go on from")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="The same seed trains the same model")


class TrainResult(BaseModel):
    """What a training answers."""

    model_id: int
    model_path: str
    epochs: int = Field(description="Epochs in the model, a checkpoint's included")
    metrics: dict[str, float] = Field(description="Measured on the validation split")


class TrainAction(BaseTrainAction[TrainParams]):
    """Learns to read digits, epoch by epoch."""

    category = PluginCategory.NEURAL_NET
    input_type = "image_folder"
    output_type = ModelWeights
    result_model = TrainResult

    def execute(self) -> TrainResult:
        training, validation = self._load_images()
        reader = self._begin(training, validation)

        # Other shuffles than in the epochs before; the same again for the same seed.
        rng = np.random.default_rng([self.params.seed, reader.epochs_done])
        for epoch in range(self.params.epochs):
            reader.train_epoch(training, learning_rate=self.params.learning_rate, rng=rng)
            at = {"epoch": reader.epochs_done}
            self.set_metrics({**at, **reader.measure(training)}, "train")
            reached = reader.measure(validation)
            self.set_metrics({**at, **reached}, "validation")
            self.set_progress(epoch + 1, self.params.epochs, self.progress.TRAIN)

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "digits.joblib"
            reader.save(file)
            model = self.create_model(
                file,
                name="digits",
                description=f"Reads {len(reader.classes)} classes after {reader.epochs_done} epochs",
                metrics=reached,
            )
        self.set_progress(1, 1, self.progress.MODEL_UPLOAD)
        return TrainResult(
            model_id=model["id"], model_path=model["path"], epochs=reader.epochs_done, metrics=reached
        )

    def _load_images(self) -> tuple[LabelledImages, LabelledImages]:
        dataset = self.get_dataset()
        loaded = []
        for count, split in enumerate(("train", "validation"), start=1):
            if split not in dataset["splits"]:
                raise ExecutionError(
                    f"Dataset {dataset['name']} has no split {split}; "
                    f"it has {', '.join(dataset['splits']) or 'none'}",
                    hint=f"Put images into class folders below {split}/ and register it again.",
                )
            loaded.append(read_classes(dataset["splits"][split]["path"]))
            self.set_progress(count, 2, self.progress.DATASET)
        self.log_message(f"{dataset['name']}: {len(loaded[0].labels):,} images to learn from")
        return loaded[0], loaded[1]

    def _begin(self, training: LabelledImages, validation: LabelledImages) -> DigitReader:
        """Return the checkpoint's model or a new one, and see that the classes fit."""
        checkpoint = self.get_checkpoint()
        if checkpoint is None:
            reader = DigitReader(training, seed=self.params.seed)
        else:
            reader = DigitReader.load(checkpoint["path"])
        found = {str(label) for label in (*training.labels, *validation.labels)}
        if unknown := found - set(reader.classes):
            raise ExecutionError(
                f"The model can not learn {', '.join(sorted(unknown))}; it reads {', '.join(reader.classes)}",
                hint="Start without a checkpoint, or correct the class folders.",
            )
        if checkpoint is not None:
            accuracy = reader.measure(validation)["accuracy"]
            self.log_message(f"Going on after epoch {reader.epochs_done}, at accuracy {accuracy:.3f}")
        return reader
