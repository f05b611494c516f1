"""Settings of an upload, wherever they were given: beside the params, or in their `extra_params`.

Source: interface sheet `actions.md` §7.1. Unlike there, what `extra_params` say of how to work is checked,
and they can not change what is uploaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

EXTRA_PARAMS_KEY = "extra_params"


class UploadTuning(BaseModel):
    """How an upload works, not what it uploads."""

    model_config = ConfigDict(extra="ignore")

    max_file_size_mb: float = Field(default=50, gt=0)
    creating_data_unit_batch_size: int = Field(default=200, ge=1)
    creating_data_unit_max_workers: int = Field(default=1, ge=1)
    creating_data_unit_max_retries: int = Field(default=2, ge=0, le=10)
    upload_max_workers: int = Field(default=10, ge=1)
    upload_batch_size: int = Field(default=200, ge=1)
    upload_max_retries: int = Field(default=2, ge=0)
    upload_ray_workers: int = Field(default=1, ge=1)
    use_async_upload: bool = True
    use_presigned: bool = True
    skip_existing_checksums: bool = False
    skip_local_duplicates: bool = True
    checksum_batch_size: int = Field(default=1000, ge=1)
    #: Seconds.
    upload_read_timeout: float = Field(default=300, gt=0)


def check_tuning(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return `extra_params` with what they say of how to work as its own type; None stands for not given.

    Raises:
        ValueError: A value does not fit; each is named.
    """
    given = {name: value for name, value in extra.items() if value is not None}
    try:
        tuning = UploadTuning.model_validate(given)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ValueError("; ".join(problems)) from None
    return {**extra, **tuning.model_dump(include=given.keys() & UploadTuning.model_fields.keys())}


def read_param(params: Mapping[str, Any] | BaseModel, key: str, default: Any = None) -> Any:
    """Return a setting; `default` where it is not given, or is None.

    `extra_params` come first for what says how to work, and for what stands nowhere else.
    """
    values = params.model_dump() if isinstance(params, BaseModel) else params
    extra = values.get(EXTRA_PARAMS_KEY) or {}
    is_extra_first = key in UploadTuning.model_fields or values.get(key) is None
    sources = (extra, values) if is_extra_first else (values,)
    return next((source[key] for source in sources if source.get(key) is not None), default)
