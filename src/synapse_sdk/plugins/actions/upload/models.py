"""What an upload can be told, and what is said of each file.

Source: interface sheet `actions.md` §7.1, §7.5. Unlike there, keys that nobody knows are told of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from synapse_sdk.plugins.actions.upload.enums import ImportFailureCode, ImportStatus
from synapse_sdk.plugins.actions.upload.params import check_tuning


class AssetConfig(BaseModel):
    """Where the files of one specification lie."""

    path: str
    is_recursive: bool = True


class UploadParams(BaseModel):
    """What an upload can be told."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="What this upload is called")
    description: str | None = None
    use_single_path: bool = Field(
        default=True, description="One folder with a sub-folder for each specification; else `assets`"
    )
    path: str | None = Field(default=None, description="That folder, from the storage on")
    is_recursive: bool = Field(default=True, description="Look into sub-folders, too")
    assets: dict[str, AssetConfig] | None = Field(
        default=None, description="A folder for each specification, by its name"
    )
    storage: int = Field(description="Id of the storage that the files lie in")
    data_collection: int = Field(description="Id of the collection that they go to")
    project: int | None = Field(default=None, description="Id of a project, checked to be there")
    excel_metadata_path: str | None = Field(
        default=None, description="Metadata (.xlsx or .csv); meta.xlsx or meta.csv in the folder unless given"
    )
    max_file_size_mb: int = Field(default=50, ge=1, description="Larger files travel in chunks")
    creating_data_unit_batch_size: int = Field(default=200, ge=1)
    creating_data_unit_max_workers: int = Field(default=1, ge=1)
    upload_max_workers: int = Field(default=10, ge=1)
    upload_batch_size: int = Field(default=200, ge=1)
    upload_max_retries: int = Field(default=2, ge=0)
    upload_ray_workers: int = Field(default=1, ge=1)
    use_async_upload: bool = True
    group_name: str | None = Field(default=None, description="Group that all data units go to")
    extra_params: dict[str, Any] | None = None

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not name.strip():
            raise PydanticCustomError("blank_name", "a name has letters")
        return name

    @field_validator("extra_params")
    @classmethod
    def _check_extra(cls, extra: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if extra is None else check_tuning(extra)

    @model_validator(mode="after")
    def _check_places(self) -> Self:
        if self.use_single_path and not (self.path or "").strip():
            raise PydanticCustomError("missing_path", "path is needed unless use_single_path is false")
        if not self.use_single_path and not self.assets:
            raise PydanticCustomError("missing_assets", "assets are needed when use_single_path is false")
        return self


class ImportResultEntry(BaseModel):
    """What became of one file, or of one row of metadata."""

    import_request_id: str | None
    original_file_name: str
    import_status: ImportStatus
    failure_reason_code: ImportFailureCode | None = None
    failure_reason_detail: str | None = None
    processed_at: datetime
    #: The rest is for those who run the server.
    file_path: str | None = None
    file_size: int | None = None
    checksum: str | None = None
    data_unit_id: int | None = None
