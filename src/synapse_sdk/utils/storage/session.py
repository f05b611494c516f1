"""A storage for as long as a server opened it. `synapse_sdk.storage_providers.session`, by its older path."""

from synapse_sdk.storage_providers.session import (
    CONTRACT_VERSION,
    SUPPORTED_CONTRACT_VERSIONS,
    StorageSession,
    StorageSessionProvider,
    validate_contract_version,
)

__all__ = [
    "CONTRACT_VERSION",
    "SUPPORTED_CONTRACT_VERSIONS",
    "StorageSession",
    "StorageSessionProvider",
    "validate_contract_version",
]
