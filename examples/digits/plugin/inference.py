"""The inference action."""

from __future__ import annotations

import csv
from pathlib import Path

from pydantic import BaseModel, Field

from synapse_sdk.plugins import BaseInferenceAction, ExecutionError, InferenceResult, PluginCategory
from synapse_sdk.plugins.types import InferenceResults

from .images import list_images, read_pixels
from .reader import DigitReader

#: Images that are read together: few enough that progress moves, enough for numpy to be quick.
BATCH = 64


class InferenceParams(BaseModel):
    """What an inference can be told."""

    model: int = Field(description="Model to read with, see `synapse model list`")
    dataset: int = Field(description="Dataset to read")
    split: str = Field(default="test", description="Which part of it; its images need no labels")
    output: str = Field(default="outputs/predictions.csv", description="File to write")


class InferenceAction(BaseInferenceAction[InferenceParams]):
    """Reads the digits of a split that has no labels."""

    category = PluginCategory.NEURAL_NET
    input_type = "image_folder"
    output_type = InferenceResults
    result_model = InferenceResult

    def execute(self) -> InferenceResult:
        reader = DigitReader.load(self.load_model(self.params.model)["path"])
        self.set_progress(1, 1, self.progress.MODEL_LOAD)
        folder = self._find_split()
        files = list_images(folder)

        output = Path(self.params.output).absolute()
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["file", "label", "confidence"])
            for start in range(0, len(files), BATCH):
                batch = files[start : start + BATCH]
                for file, (label, confidence) in zip(batch, reader.predict(read_pixels(batch)), strict=True):
                    writer.writerow([file.relative_to(folder).as_posix(), label, f"{confidence:.4f}"])
                self.set_progress(start + len(batch), len(files), self.progress.INFERENCE)
        return InferenceResult(processed_count=len(files), output_path=str(output))

    def _find_split(self) -> Path:
        dataset = self.get_dataset()
        if self.params.split not in dataset["splits"]:
            raise ExecutionError(
                f"Dataset {dataset['name']} has no split {self.params.split}; "
                f"it has {', '.join(dataset['splits']) or 'none'}"
            )
        return Path(dataset["splits"][self.params.split]["path"])
