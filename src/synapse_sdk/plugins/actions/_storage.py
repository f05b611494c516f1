"""From a storage's id to the folder that it is.

Source: interface sheet `platform.md` §3.2 and §5; `actions.md` §6.3, §7.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from synapse_sdk.plugins.errors import ExecutionError
from synapse_sdk.storage_providers.access import get_pathlib
from synapse_sdk.storage_providers.config import parse_storage_config
from synapse_sdk.storage_providers.errors import StorageError
from synapse_sdk.storage_providers.registry import is_provider_supported, resolve_provider_alias
from synapse_sdk.storage_providers.session_provider import describe_storage


def open_storage(
    client: Any, storage_id: int, purpose: Literal["read", "write"], *, known: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return how to reach a storage: `provider` and `configuration`.

    Args:
        client: The server's.
        storage_id: Its id.
        purpose: "read" or "write".
        known: What the server said of it before, for one that opens no sessions.

    Raises:
        ClientError: There is none of that id, or it is not for you.
    """
    return describe_storage(client, storage_id, purpose, known=known)


def find_storage_root(storage: Mapping[str, Any]) -> Path:
    """Return the folder that a storage is.

    Raises:
        ExecutionError: It is none, or that folder is not on this machine.
    """
    number, provider = storage.get("id"), storage.get("provider")
    facts = {"storage": number, "provider": provider}
    try:
        name = parse_storage_config(storage).provider
        if is_provider_supported(name) and resolve_provider_alias(name) != "local":
            raise ExecutionError(
                f"Storage {number} is of the kind {name!r}; uploads and exports work in folders.",
                facts,
                hint="Name a storage of the kind 'local', or go through this one with steps of your own: "
                "acquire_storage() of synapse_sdk.plugins.storage opens it.",
            )
        root = get_pathlib(storage, "")
    except StorageError as error:
        raise ExecutionError(
            f"Storage {number}: {error.message}", {**facts, **error.details}, hint=error.hint
        ) from error
    if not isinstance(root, Path) or not root.is_dir():
        raise ExecutionError(
            f"The folder of storage {number} is not on this machine: {root}.",
            {**facts, "location": str(root)},
            hint="Run it on an agent that sees this folder under this path.",
        )
    return root
