"""Datasets, models and files as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from synapse_sdk.workspace.records import DatasetSplit, ModelOrigin

Order = Literal["oldest", "newest"]


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """What a dataset holds from this version to the next one. Never changes."""

    id: int
    dataset_id: int
    dataset_name: str
    number: int
    digest: str
    item_count: int
    size_bytes: int
    splits: tuple[DatasetSplit, ...]
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named series of versions, and the latest of them."""

    id: int
    name: str
    created_by: str
    created_at: datetime
    latest: DatasetVersion


@dataclass(frozen=True, slots=True)
class Model:
    """A model: one file, or one folder of files, and where it came from."""

    id: int
    name: str
    description: str
    #: Numbers by name; those that JSON has not as "NaN", "Infinity", "-Infinity".
    metrics: Mapping[str, Any]
    category: str
    parent_model_id: int | None
    configuration: Mapping[str, Any]
    filename: str
    is_folder: bool
    item_count: int
    digest: str
    size_bytes: int
    origin: ModelOrigin | None
    job_id: str | None
    attempt: int | None
    release_digest: str | None
    plugin_code: str | None
    plugin_version: str | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChunkedUpload:
    """A file that comes in chunks."""

    id: int
    filename: str
    size_bytes: int
    digest: str | None
    md5: str | None
    created_by: str
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DataFile:
    """A single file, as the vendor's clients upload them."""

    id: int
    name: str
    digest: str
    checksum: str  # SHA-1, hexadecimal
    size_bytes: int
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Storage:
    """A place for files, as the vendor's clients know it."""

    id: int
    name: str
    category: str
    provider: str
    configuration: Mapping[str, Any]
    is_default: bool
    created_at: datetime
