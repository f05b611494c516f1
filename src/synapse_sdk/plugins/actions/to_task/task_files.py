"""A task as the server has it: what is labelled, its other files, and what it holds already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synapse_sdk.plugins.actions.export.handlers import list_files

#: What of a task is asked for.
TASK_QUERY = {"fields": "id,data,data_unit", "expand": "data_unit"}


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """One task's files, by the name of their specification."""

    by_name: dict[str, dict[str, Any]]
    primary: dict[str, Any]
    data: dict[str, Any] | None

    def find(self, name: str) -> dict[str, Any]:
        """Return the entry of a file.

        Raises:
            ValueError: The task has none of that name.
        """
        if name not in self.by_name:
            raise ValueError(f"the task has no file {name}; it has {', '.join(self.by_name) or 'none'}")
        return self.by_name[name]


def load_task_files(client: Any, task_id: int) -> TaskFiles:
    """Ask for a task and its files.

    Raises:
        ClientError: They can not be had.
        ValueError: It has no file.
    """
    task = client.get_task(task_id, TASK_QUERY)
    unit = task.get("data_unit")
    if isinstance(unit, int):
        unit = client.get_data_unit(unit)
    elif isinstance(unit, Mapping) and not unit.get("files") and "id" in unit:
        unit = client.get_data_unit(unit["id"])
    entries = list_files({"data_unit": unit})
    if not entries:
        raise ValueError("the task has no file")
    return TaskFiles({str(entry.get("name")): entry for entry in entries}, entries[0], task.get("data"))


def read_address(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return address and name of a file.

    Raises:
        ValueError: The server names no address.
    """
    if not entry.get("url"):
        raise ValueError(f"the server names no address for the file {entry.get('name')}")
    return str(entry["url"]), str(entry.get("file_name_original") or entry.get("file_name") or "")
