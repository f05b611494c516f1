"""Groups of a collection, under the names that plugins from elsewhere import."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from synapse_sdk.plugins.actions.upload.groups import normalize_groups

__all__ = ["apply_group_name", "normalize_groups"]


def apply_group_name(records: Iterable[MutableMapping[str, Any]], group_name: str | None) -> None:
    """Put groups of files, as `organized_files` holds them, into a group; what they have is inside of it."""
    for record in records:
        if names := [*normalize_groups(group_name), *normalize_groups(record.get("groups"))]:
            record["groups"] = names
