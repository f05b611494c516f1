"""What an upload can be told, and what is said of each file.

Source: interface sheet `actions.md` §7.1, §7.5. Unlike there, keys that nobody knows are told of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_core import ValidationError as CoreValidationError

from synapse_sdk.clients.errors import NotFoundError
from synapse_sdk.plugins.actions.upload.enums import (
    VALIDATION_ERROR_MESSAGES,
    ImportFailureCode,
    ImportStatus,
    ValidationErrorCode,
)
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

    _found: dict[str, dict[str, Any]] = PrivateAttr(default_factory=dict)

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
    def _check_places(self, info: ValidationInfo) -> Self:
        problems = [*self._find_missing(), *self._look_up(_find_client(info.context))]
        if problems:
            raise CoreValidationError.from_exception_data(type(self).__name__, problems)
        return self

    @property
    def found(self) -> dict[str, dict[str, Any]]:
        """What the server said of the `storage`, `data_collection` and `project`, where it was asked."""
        return self._found

    def _find_missing(self) -> list[InitErrorDetails]:
        if self.use_single_path:
            is_missing = not (self.path or "").strip()
            return [_problem("path", ValidationErrorCode.MISSING_PATH, self.path)] if is_missing else []
        return [] if self.assets else [_problem("assets", ValidationErrorCode.MISSING_ASSETS, self.assets)]

    def _look_up(self, client: Any) -> list[InitErrorDetails]:
        """Ask for what is named, where there is somebody to ask; else the steps do."""
        problems = []
        for name in ("storage", "data_collection", "project") if client is not None else ():
            if (number := getattr(self, name)) is None:
                continue
            try:
                self._found[name] = dict(getattr(client, f"get_{name}")(number))
            except NotFoundError:
                problems.append(_problem(name, ValidationErrorCode[f"{name.upper()}_NOT_FOUND"], number))
        return problems


def _find_client(context: Any) -> Any:
    """Return the client of a validation's context: its own, or its action's."""
    if not isinstance(context, dict):
        return None
    return context.get("client") or getattr(context.get("action"), "client", None)


def _problem(field: str, code: ValidationErrorCode, value: Any) -> InitErrorDetails:
    kind = PydanticCustomError(code.value, VALIDATION_ERROR_MESSAGES[code])
    return InitErrorDetails(type=kind, loc=(field,), input=value)


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
