"""Sessions that a server opens. `synapse_sdk.storage_providers.session_provider`, by its older path."""

from synapse_sdk.storage_providers.session_provider import (
    BackendSessionProvider,
)

__all__ = [
    "BackendSessionProvider",
]
