"""A folder of this machine. `synapse_sdk.storage_providers.providers.local`, by its older path."""

from synapse_sdk.storage_providers.providers.local import (
    LocalStorage,
)

__all__ = [
    "LocalStorage",
]
