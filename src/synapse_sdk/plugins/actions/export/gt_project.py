"""Which project ground truths come from: their filter names a version of a dataset, not the project.

Source: interface sheet `actions.md` §6.3. Unlike there, the server's usual list says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synapse_sdk.plugins.actions.export.filters import build_query

_KEYS = ("project", "project_id")


def resolve_gt_project_id(client: Any, filters: Mapping[str, Any]) -> int | None:
    """Return the project of the newest ground truth that a filter leaves.

    Args:
        client: The server's.
        filters: The export's. One that names a project is not asked about.

    Returns:
        Its id; None where nothing fits, or the server does not say. A version may hold ground truths of
        several projects; then it is one of them.

    Raises:
        ClientError: The server refuses, or is away.
    """
    if (named := _read_id(filters.get("project"))) is not None:
        return named
    query = {**build_query("ground_truth", filters), "page_size": 1, "ordering": "-pgh_id"}
    for record in client.list_ground_truth_events(query)["results"]:
        for key in _KEYS:
            if (found := _read_id(record.get(key))) is not None:
                return found
    return None


def _read_id(value: Any) -> int | None:
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, int) and not isinstance(value, bool) else None
