"""How storages are described. `synapse_sdk.storage_providers.config`, by its older path."""

from synapse_sdk.storage_providers.config import (
    GCSStorageConfig,
    HTTPStorageConfig,
    LocalStorageConfig,
    ProviderConfig,
    ProviderType,
    S3StorageConfig,
    SFTPStorageConfig,
    SMBStorageConfig,
    StorageConfig,
    SynologyStorageConfig,
)

__all__ = [
    "GCSStorageConfig",
    "HTTPStorageConfig",
    "LocalStorageConfig",
    "ProviderConfig",
    "ProviderType",
    "S3StorageConfig",
    "SFTPStorageConfig",
    "SMBStorageConfig",
    "StorageConfig",
    "SynologyStorageConfig",
]
