"""What paths of a provider can do. `synapse_sdk.storage_providers.capabilities`, by its older path."""

from synapse_sdk.storage_providers.capabilities import (
    StorageCapabilities,
    StoragePath,
    conservative_case_sensitivity,
)

__all__ = [
    "StorageCapabilities",
    "StoragePath",
    "conservative_case_sensitivity",
]
