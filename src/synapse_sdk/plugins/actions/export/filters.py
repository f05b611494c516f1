"""Which items an export asks for: the filters of each target, and the one that each must have.

Source: interface sheet `actions.md` §6.3, `platform.md` §3.2. A server ignores a filter that it does not
know, and answers with more than was asked for; so an unknown one is refused here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

#: Of every target.
COMMON_EXPORT_FILTER_KEYS: Final = frozenset(
    {"id", "project", "data_unit", "category", "created", "updated", "search", "tags"}
)
ASSIGNMENT_EXPORT_FILTER_KEYS: Final = COMMON_EXPORT_FILTER_KEYS | {
    "assignee",
    "is_confirmed",
    "is_discarded",
    "reviewer",
    "status",
    "status_label",
    "status_review",
    "task",
}
TASK_EXPORT_FILTER_KEYS: Final = COMMON_EXPORT_FILTER_KEYS | {
    "data_collection",
    "is_confirmed",
    "is_discarded",
    "status",
}
GROUND_TRUTH_EXPORT_FILTER_KEYS: Final = COMMON_EXPORT_FILTER_KEYS | {
    "ground_truth_dataset",
    "ground_truth_dataset_version",
    "ground_truth_dataset_versions",
    "pgh_id",
    "pgh_obj_id",
}
#: What an export says by itself, so that its listing can be taken up where it broke off. No filter has them.
INTERNAL_EXPORT_FILTER_KEYS: Final = frozenset(
    {"cursor", "expand", "ordering", "pagination", "response_mode"}
)
#: They narrow nothing down and go on to the listing: how many records one request asks for.
PAGINATOR_PASSTHROUGH_KEYS: Final = frozenset({"page_size"})
#: The most records that a server lists at once.
_PAGE_LIMIT: Final = 1000
#: One of them says where the export ends: without it, it would be everything that the server has.
_SCOPE_KEYS: Final = {
    "assignment": ("project", "task", "id"),
    "task": ("project", "id"),
    "ground_truth": (
        "ground_truth_dataset_version",
        "ground_truth_dataset_versions",
        "ground_truth_dataset",
        "project",
        "id",
        "pgh_id",
    ),
}
_KEYS: Final = {
    "assignment": ASSIGNMENT_EXPORT_FILTER_KEYS,
    "task": TASK_EXPORT_FILTER_KEYS,
    "ground_truth": GROUND_TRUTH_EXPORT_FILTER_KEYS,
}
#: What may follow a key after two underscores, as in `id__in`.
_LOOKUPS: Final = frozenset(
    {"in", "lt", "lte", "gt", "gte", "exact", "iexact", "contains", "icontains", "isnull", "range"}
)
#: Those that end the set, so a key with one of them is a scope, too.
_NARROW_LOOKUPS: Final = frozenset({"", "in", "exact"})
_LISTS: Final = (list, tuple, set, frozenset)
#: A server refuses addresses that are longer.
QUERY_LIMIT_BYTES: Final = 10_000


def find_filter_problem(
    target: str, filters: Mapping[str, Any], more: frozenset[str] = frozenset()
) -> str | None:
    """Say in a sentence what is wrong with a filter; None where nothing is.

    Args:
        target: "assignment", "task" or "ground_truth".
        filters: The filter: keys as the server knows them, such as `project` or `id__in`.
        more: Keys that a handler of its own knows besides.
    """
    known = _KEYS.get(target, COMMON_EXPORT_FILTER_KEYS) | more
    own = sorted(key for key in filters if key in INTERNAL_EXPORT_FILTER_KEYS - more)
    if own:
        return f"filter has {', '.join(own)}, which an export sets by itself"
    size = filters.get("page_size")
    if size is not None and (type(size) is not int or not 1 <= size <= _PAGE_LIMIT):
        return f"filter has the page_size {size!r}; it is a number of records, 1 to {_PAGE_LIMIT:,}"
    odd = sorted(key for key in filters if not _is_known(key, known))
    if odd:
        return f"filter has {', '.join(odd)}, which {target} does not have; it has {', '.join(sorted(known))}"
    scopes = _SCOPE_KEYS.get(target, ("project", "id"))
    if not any(_is_scope(key, value, scopes) for key, value in filters.items()):
        return (
            f"filter names no scope, so every {target} of the server would be exported; "
            f"give one of {', '.join(scopes)}"
        )
    if (empty := find_empty_list(filters)) is not None:
        return f"filter has {empty} with nothing in it, which the server would take for no filter"
    size_bytes = len(json.dumps(dict(filters), default=str).encode())
    if size_bytes > QUERY_LIMIT_BYTES:
        return f"filter has {size_bytes:,} bytes, which is more than {QUERY_LIMIT_BYTES:,}"
    return None


def find_empty_list(filters: Mapping[str, Any]) -> str | None:
    """Return the first key whose value is a list of nothing: the server would leave it out, and send all."""
    empty = (key for key, value in filters.items() if isinstance(value, _LISTS) and not value)
    return next(empty, None)


def build_query(target: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a filter as the server reads it: lists with commas, truth values in lower case."""
    renamed = (
        {"ground_truth_dataset_version": "ground_truth_dataset_versions"} if target == "ground_truth" else {}
    )
    return {renamed.get(key, key): _as_text(value) for key, value in filters.items() if value is not None}


def _is_known(key: str, known: frozenset[str]) -> bool:
    name, _, lookup = key.partition("__")
    if key in PAGINATOR_PASSTHROUGH_KEYS:
        return True
    return name in known and (not lookup or lookup in _LOOKUPS)


def _is_scope(key: str, value: Any, scopes: tuple[str, ...]) -> bool:
    name, _, lookup = key.partition("__")
    is_given = value not in (None, "", [], (), {}) and value is not False
    return name in scopes and lookup in _NARROW_LOOKUPS and is_given


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _LISTS):
        return ",".join(str(_as_text(item)) for item in value)
    return value
