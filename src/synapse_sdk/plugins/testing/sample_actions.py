"""Three small actions to try a pipeline with: what one gives is what the next takes.

Source: interface sheet `core.md`, Appendix A, for the names; what they do is ours.
"""

from __future__ import annotations

from pydantic import BaseModel

from synapse_sdk.plugins.action import BaseAction


class Step1Params(BaseModel):
    """What the first action takes."""

    url: str


class Step1Result(BaseModel):
    """What it gives."""

    data_path: str
    file_count: int


class Step2Params(BaseModel):
    """What the second action takes."""

    data_path: str


class Step2Result(BaseModel):
    """What it gives."""

    converted_path: str


class Step3Params(BaseModel):
    """What the third action takes."""

    converted_path: str
    epochs: int = 10


class Step3Result(BaseModel):
    """What it gives."""

    model_path: str
    accuracy: float


class DownloadAction(BaseAction[Step1Params]):
    """Says where a download would lie."""

    action_name = "download"
    result_model = Step1Result

    def execute(self) -> Step1Result:
        """Answer."""
        self.set_progress(1, 1, "download")
        return Step1Result(data_path=f"data/{self.params.url.rpartition('/')[2]}", file_count=10)


class ConvertAction(BaseAction[Step2Params]):
    """Says where a conversion would lie."""

    action_name = "convert"
    result_model = Step2Result

    def execute(self) -> Step2Result:
        """Answer."""
        self.set_progress(1, 1, "convert")
        return Step2Result(converted_path=f"{self.params.data_path}/converted")


class TrainAction(BaseAction[Step3Params]):
    """Counts epochs, and says where a model would lie."""

    action_name = "train"
    result_model = Step3Result

    def execute(self) -> Step3Result:
        """Answer."""
        for epoch in range(1, self.params.epochs + 1):
            self.set_metrics({"epoch": epoch, "accuracy": 1 - 1 / (epoch + 1)}, "train")
            self.set_progress(epoch, self.params.epochs, "train")
        accuracy = 1 - 1 / (self.params.epochs + 1)
        return Step3Result(model_path=f"{self.params.converted_path}/model.pt", accuracy=accuracy)
