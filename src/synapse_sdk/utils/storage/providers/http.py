"""Files below an address. `synapse_sdk.storage_providers.providers.http`, by its older path."""

from synapse_sdk.storage_providers.providers.http import (
    HTTPPath,
    HTTPStorage,
)

__all__ = [
    "HTTPPath",
    "HTTPStorage",
]
