"""What can go wrong with a storage. `synapse_sdk.storage_providers.errors`, by its older path."""

from synapse_sdk.storage_providers.errors import (
    StorageCapabilityError,
    StorageConfigError,
    StorageConnectionError,
    StorageContractVersionError,
    StorageError,
    StorageNotFoundError,
    StoragePermissionError,
    StorageProviderNotFoundError,
    StorageRefreshUnavailableError,
    StorageSessionClosedError,
    StorageSessionError,
    StorageSessionExpiredError,
    StorageUploadError,
)

__all__ = [
    "StorageCapabilityError",
    "StorageConfigError",
    "StorageConnectionError",
    "StorageContractVersionError",
    "StorageError",
    "StorageNotFoundError",
    "StoragePermissionError",
    "StorageProviderNotFoundError",
    "StorageRefreshUnavailableError",
    "StorageSessionClosedError",
    "StorageSessionError",
    "StorageSessionExpiredError",
    "StorageUploadError",
]
