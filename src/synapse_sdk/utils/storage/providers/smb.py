"""Shares of a Windows network. `synapse_sdk.storage_providers.providers.smb`, by its older path."""

from synapse_sdk.storage_providers.providers.smb import (
    SMBStorage,
)

__all__ = [
    "SMBStorage",
]
