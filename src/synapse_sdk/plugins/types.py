"""Semantic types of what flows into and out of an action: a name and a format, no data.

Source: interface sheet `core.md` §5.2.
"""

from __future__ import annotations

from typing import ClassVar


class DataType:
    """Anything that an action takes or gives. Subclass it to name your own."""

    name: ClassVar[str] = "data"
    format: ClassVar[str | None] = None
    description: ClassVar[str] = "Any data"

    @classmethod
    def is_compatible_with(cls, other: type[DataType]) -> bool:
        """Can one stand where the other is expected? True when either is a kind of the other."""
        return issubclass(cls, other) or issubclass(other, cls)

    def __repr__(self) -> str:
        return f"<DataType: {self.name}>"


class Dataset(DataType):
    """Items to learn from or to work on."""

    name = "dataset"
    description = "A dataset in any format"


class DMDataset(Dataset):
    """A dataset in a Datamaker format."""

    name = "dm_dataset"
    format = "dm"
    description = "A Datamaker dataset"


class DMv1Dataset(DMDataset):
    """A dataset in the event-style Datamaker format."""

    name = "dm_v1_dataset"
    format = "dm_v1"
    description = "A Datamaker dataset, version 1"


class DMv2Dataset(DMDataset):
    """A dataset in the collection-style Datamaker format."""

    name = "dm_v2_dataset"
    format = "dm_v2"
    description = "A Datamaker dataset, version 2"


class YOLODataset(Dataset):
    """A dataset in YOLO's layout."""

    name = "yolo_dataset"
    format = "yolo"
    description = "A dataset in YOLO format"


class COCODataset(Dataset):
    """A dataset in COCO's layout."""

    name = "coco_dataset"
    format = "coco"
    description = "A dataset in COCO format"


class PascalVOCDataset(Dataset):
    """A dataset in Pascal VOC's layout."""

    name = "pascal_voc_dataset"
    format = "pascal"
    description = "A dataset in Pascal VOC format"


class Model(DataType):
    """A trained model."""

    name = "model"
    description = "A model in any format"


class ModelWeights(Model):
    """Weights of a model, for the framework that trained it."""

    name = "model_weights"
    format = "weights"
    description = "Trained weights"


class ONNXModel(Model):
    """A model in ONNX."""

    name = "onnx_model"
    format = "onnx"
    description = "A model in ONNX format"


class TensorRTModel(Model):
    """A model built for TensorRT."""

    name = "tensorrt_model"
    format = "tensorrt"
    description = "A TensorRT engine"


class Result(DataType):
    """What an action found out."""

    name = "result"
    description = "A result in any format"


class TestResults(Result):
    """Measurements of a model."""

    __test__ = False  # a data type, though pytest takes the name for a test
    name = "test_results"
    format = "metrics"
    description = "Metrics of a test run"


class InferenceResults(Result):
    """Predictions of a model."""

    name = "inference_results"
    format = "predictions"
    description = "Predictions"
