"""What a data collection takes: files by name, each of a type.

Source: interface sheet `actions.md` §7.2.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from pydantic import ValidationError as PydanticError

from synapse_sdk.plugins.actions.upload.exceptions import UploadError


class FileSpecification(BaseModel):
    """One file of a data unit."""

    model_config = ConfigDict(extra="ignore")

    #: `<type>_<n>`, such as `image_1`: also the folder that its files lie in.
    name: str = Field(min_length=1, pattern=r"^[^/\\\x00]+$")
    #: `image`, `text`, `video`, `pcd`, `audio`, `data`.
    file_type: str = ""
    is_required: bool = False
    is_primary: bool = False
    #: Endings that it takes, with or without a dot; none for any.
    extensions: list[str] | None = None

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if name in (".", ".."):
            raise ValueError("it names a folder, which this would not be")
        return name

    def takes(self, ending: str, allowed: dict[str, list[str]] | None) -> bool:
        """Does it take files with this ending (`.png`), and does the action?"""
        wanted = normalize_endings(self.extensions)
        if allowed is not None:
            mine = normalize_endings(allowed.get(self.file_type, []))
            wanted = mine if wanted is None or mine is None else wanted & mine
        return wanted is None or ending.lower() in wanted


def normalize_endings(endings: list[str] | None) -> frozenset[str] | None:
    """Return endings in small letters, each with its dot; None for any."""
    return None if endings is None else frozenset(f".{ending.lstrip('.').lower()}" for ending in endings)


def read_specifications(collection: dict[str, Any]) -> list[FileSpecification]:
    """Return what a collection takes.

    Raises:
        UploadError: It takes nothing, or its answer is not understood.
    """
    name = collection.get("name") or collection.get("id")
    try:
        found = TypeAdapter(list[FileSpecification]).validate_python(
            collection.get("file_specifications") or []
        )
    except PydanticError as error:
        raise UploadError(
            f"The file specifications of data collection {name} are not understood.",
            {"data_collection": name, "problems": error.errors(include_url=False, include_context=False)},
        ) from error
    names = [specification.name for specification in found]
    if not found or len(set(names)) < len(names):
        problem = "has the same file specification twice" if found else "has no file specifications"
        raise UploadError(f"Data collection {name} {problem}.", {"data_collection": name, "names": names})
    return found
