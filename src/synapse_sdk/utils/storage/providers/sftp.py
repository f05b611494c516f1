"""Folders behind SSH. `synapse_sdk.storage_providers.providers.sftp`, by its older path."""

from synapse_sdk.storage_providers.providers.sftp import (
    SFTPStorage,
)

__all__ = [
    "SFTPStorage",
]
