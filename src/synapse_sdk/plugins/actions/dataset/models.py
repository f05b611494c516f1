"""What a dataset action is told, and what it answers.

Source: interface sheet `actions.md` §5. Unlike there, no format is aimed at unless one is named.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field


class DatasetOperation(StrEnum):
    """Bring a dataset here, or write it in another format."""

    DOWNLOAD = "download"
    CONVERT = "convert"


class DatasetParams(BaseModel):
    """Params of a `DatasetAction`."""

    operation: DatasetOperation = DatasetOperation.DOWNLOAD
    dataset: int | None = Field(
        default=None, description="Id of a dataset of the workspace, else of a ground truth version"
    )
    splits: dict[str, dict[str, Any]] | None = Field(
        default=None, description="Splits to bring, each with the filter of its ground truths"
    )
    path: Path | None = Field(default=None, description="Folder to convert")
    source_format: str = Field(default="dm_v2", description="Format to convert from")
    target_format: str | None = Field(default=None, description="Format to convert to")
    dm_version: str = Field(default="v2", description="Version of the labels to convert")
    output_dir: Path | None = Field(
        default=None, description="Folder to write to; made, or empty. The cache's own unless given"
    )
    is_categorized: bool = Field(default=False, description="Bring train, valid and test apart")


class DatasetResult(BaseModel):
    """What a `DatasetAction` answers."""

    #: The folder.
    path: Path
    #: How labels are written there: "dm_v2", "dm_v1"; "yolo" beside a `dataset.yaml`; "files" for any others.
    format: str
    #: Is there a folder for each split?
    is_categorized: bool = False
    config_path: Path | None = None
    #: Items: files of a workspace's dataset, labelled units of a ground truth.
    count: int | None = None
    source_path: Path | None = None

    @property
    def data_path(self) -> Path:
        """What a training is pointed at: the configuration where there is one, else the folder."""
        return self.config_path or self.path
