"""Sessions that a server opens.

Source: interface sheet `platform.md` §3.2, §5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synapse_sdk.clients.errors import HTTPError
from synapse_sdk.storage_providers.session import Purpose, StorageSession

#: A server that opens no sessions answers so.
_NO_SESSIONS = (404, 405)


class BackendSessionProvider:
    """Opens storages of a server. One that opens no sessions is asked for the storage itself."""

    def __init__(self, client: Any, auto_refresh: bool = True) -> None:
        """Ask through `client`; sessions are renewed when their time is over unless that is turned off."""
        self._client = client
        self._auto_refresh = auto_refresh

    def open(
        self, storage_id: int, purpose: Purpose = "read", *, known: Mapping[str, Any] | None = None
    ) -> StorageSession:
        """Open a storage.

        Args:
            storage_id: Its id.
            purpose: "read" or "write".
            known: What the server said of it before, for one that opens no sessions.

        Raises:
            ClientError: There is none of that id, or it is not for you.
            StorageError: It can not be opened from here; see `StorageSession`.
        """
        return StorageSession(
            describe_storage(self._client, storage_id, purpose, known=known),
            storage_id=storage_id,
            purpose=purpose,
            renew=lambda: describe_storage(self._client, storage_id, purpose),
            auto_refresh=self._auto_refresh,
        )


def describe_storage(
    client: Any, storage_id: int, purpose: Purpose, *, known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return how to reach a storage: `id`, `provider` and `configuration`, and what else the server says.

    Raises:
        ClientError: There is none of that id, or it is not for you.
    """
    try:
        return {"id": storage_id, **client.open_storage_session(storage_id, purpose)}
    except HTTPError as error:
        if error.status_code not in _NO_SESSIONS:
            raise
    return dict(known or client.get_storage(storage_id))
