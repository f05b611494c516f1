"""From a storage's id to the folder that it is.

Source: interface sheet `platform.md` §3.2 and §5; `actions.md` §6.3, §7.2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synapse_sdk.clients.errors import HTTPError
from synapse_sdk.plugins.errors import ExecutionError

#: Names of the provider whose files lie in a folder.
_FOLDERS = ("local", "file_system")
#: A server that opens no sessions answers so.
_NO_SESSIONS = (404, 405)


def open_storage(
    client: Any, storage_id: int, purpose: str, *, known: dict[str, Any] | None = None
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
    try:
        return {"id": storage_id, **client.open_storage_session(storage_id, purpose)}
    except HTTPError as error:
        if error.status_code not in _NO_SESSIONS:
            raise
    return dict(known or client.get_storage(storage_id))


def find_storage_root(storage: dict[str, Any]) -> Path:
    """Return the folder that a storage is.

    Raises:
        ExecutionError: It is none, or that folder is not on this machine.
    """
    provider, location = storage.get("provider"), (storage.get("configuration") or {}).get("location")
    facts = {"storage": storage.get("id"), "provider": provider}
    if provider not in _FOLDERS or not location:
        raise ExecutionError(
            f"Storage {storage.get('id')} is of the kind {provider!r}, which this version does not reach.",
            facts,
            hint=f"Kinds that it reaches: {', '.join(_FOLDERS)}.",
        )
    root = Path(location)
    if not root.is_dir():
        raise ExecutionError(
            f"The folder of storage {storage.get('id')} is not on this machine: {root}.",
            {**facts, "location": str(root)},
            hint="Run it on an agent that sees this folder under this path.",
        )
    return root
