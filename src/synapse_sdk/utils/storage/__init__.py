"""Storages by the path that plugins from elsewhere import. `synapse_sdk.storage_providers` has what they are.

Source: interface sheet `core.md`, Appendix A.
"""

from synapse_sdk.storage_providers.access import (
    get_path_file_count,
    get_path_total_size,
    get_pathlib,
    get_storage,
)
from synapse_sdk.storage_providers.capabilities import StorageCapabilities, StoragePath
from synapse_sdk.storage_providers.protocol import StorageProtocol
from synapse_sdk.storage_providers.session import CONTRACT_VERSION, StorageSession, StorageSessionProvider
from synapse_sdk.storage_providers.session_provider import BackendSessionProvider

__all__ = [
    "CONTRACT_VERSION",
    "BackendSessionProvider",
    "StorageCapabilities",
    "StoragePath",
    "StorageProtocol",
    "StorageSession",
    "StorageSessionProvider",
    "get_path_file_count",
    "get_path_total_size",
    "get_pathlib",
    "get_storage",
]
