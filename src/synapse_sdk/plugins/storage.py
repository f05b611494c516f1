"""An action's way to its server's storages.

Source: interface sheet `core.md`, Appendix B; `platform.md` §5.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from synapse_sdk.plugins.errors import ExecutionError, MissingClientError
from synapse_sdk.storage_providers.session import StorageSession
from synapse_sdk.storage_providers.session_provider import BackendSessionProvider

__all__ = ["StorageAwareContext", "acquire_storage"]


class StorageAwareContext(Protocol):
    """What has a server's client: `self.ctx` of an action, and the contexts of uploads and exports."""

    @property
    def client(self) -> Any:
        """The server's client; None without one."""


def acquire_storage(
    context: StorageAwareContext, storage_id: int | None, *, purpose: Literal["read", "write"] = "write"
) -> StorageSession | dict[str, Any]:
    """Open a storage, to be closed when it is no longer needed.

    Args:
        context: What has the client.
        storage_id: The storage's; None for the workspace's own.
        purpose: "read" or "write".

    Raises:
        MissingClientError: There is no server.
        ExecutionError: The workspace has no storage of its own.
        ClientError: There is none of that id, or it is not for you.
        StorageError: It can not be opened from here.
    """
    if context.client is None:
        raise MissingClientError.at("acquire_storage()", "get_storage()")
    if storage_id is None:
        default = context.client.get_default_storage()
        if default is None:
            raise ExecutionError(
                "The workspace has no storage of its own.", hint="Name a storage by its id: storage_id."
            )
        storage_id = int(default["id"])
    return BackendSessionProvider(context.client).open(storage_id, purpose)
