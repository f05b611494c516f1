"""Providers by name. `synapse_sdk.storage_providers.registry`, by its older path."""

from synapse_sdk.storage_providers.registry import (
    PROVIDER_ALIASES,
    get_capabilities,
    get_provider_class,
    get_registered_providers,
    is_provider_supported,
    register_provider,
    resolve_provider_alias,
)

__all__ = [
    "PROVIDER_ALIASES",
    "get_capabilities",
    "get_provider_class",
    "get_registered_providers",
    "is_provider_supported",
    "register_provider",
    "resolve_provider_alias",
]
