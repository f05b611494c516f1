"""What can go wrong with a workspace.

```text
WorkspaceError
├── NotFoundError         no dataset, version or model of that id or name
├── DatasetChangedError   a dataset's folder is gone, or is not what was registered
└── ModelDamagedError     a model's files are gone, or are not what was saved
```

A full disk is a `synapse_sdk.storage.errors.DiskFullError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synapse_sdk._internal.errors import SynapseError

#: How many items a sentence names before it only counts.
_NAMED = 10


class WorkspaceError(SynapseError):
    """A workspace can not do what was asked."""


class NotFoundError(WorkspaceError):
    """The workspace has no such thing."""

    @classmethod
    def among(
        cls, kind: str, wanted: int | str, name_by_id: Mapping[int, str], *, way_in: str
    ) -> NotFoundError:
        """Build the error for an id or name that is not one of those in `name_by_id`.

        Args:
            kind: "dataset" or "model"; also the command that lists them.
            way_in: How the first one gets into a workspace, as a sentence.
        """
        details = {"kind": kind, "wanted": wanted, "available": dict(name_by_id)}
        label = wanted if isinstance(wanted, int) else repr(wanted)
        if not name_by_id:
            return cls(f"There is no {kind} {label}; this workspace has none yet.", details, hint=way_in)
        known = name_some([f"{number} ({name})" for number, name in sorted(name_by_id.items())], _NAMED)
        return cls(
            f"There is no {kind} {label}; this workspace has {known}.",
            details,
            hint=f"List them with: synapse {kind} list",
        )


class DatasetChangedError(WorkspaceError):
    """A dataset's folder is gone, or its files are not those that were registered.

    `details`: dataset_id, version, path, and the lists changed, missing and added (absent for a folder that
    is gone).
    """


class ModelDamagedError(WorkspaceError):
    """A model's files are gone, or their bytes are not those that were saved.

    `details`: model_id, path, expected_digest, found_digest (None where nothing could be read).
    """


def name_some(items: Sequence[str], limit: int = 3) -> str:
    """Name the first few items in a sentence and count the others: `a, b, c and 4 more`."""
    shown = ", ".join(items[:limit])
    return shown if len(items) <= limit else f"{shown} and {len(items) - limit:,} more"
