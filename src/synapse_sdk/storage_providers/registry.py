"""Providers by name.

Source: interface sheet `platform.md` §5. A provider is imported when a storage of it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.errors import StorageProviderNotFoundError
from synapse_sdk.storage_providers.protocol import StorageProtocol

#: Makes a storage of its configuration; a class will do.
Factory = Callable[[Mapping[str, Any]], StorageProtocol]

#: Another name → the provider's own.
PROVIDER_ALIASES: dict[str, str] = {
    "amazon_s3": "s3",
    "file_system": "local",
    "gcp": "gcs",
    "gs": "gcs",
    "https": "http",
    "minio": "s3",
}
#: Provider → its class, and the module that it is in.
_BUILT_IN = {
    "gcs": ("gcs", "GCSStorage"),
    "http": ("http", "HTTPStorage"),
    "local": ("local", "LocalStorage"),
    "s3": ("s3", "S3Storage"),
    "sftp": ("sftp", "SFTPStorage"),
    "smb": ("smb", "SMBStorage"),
}
_FOLDER = StorageCapabilities(glob=True, iterdir=True, mkdir=True, random_access=True, rename=True)
_OBJECTS = StorageCapabilities(glob=True, iterdir=True, random_access=True, case_sensitive=True)
_CAPABILITIES = {
    "gcs": _OBJECTS,
    "http": StorageCapabilities(),
    "local": _FOLDER.model_copy(update={"materialize": False}),
    "s3": _OBJECTS.model_copy(update={"presigned_upload": True}),
    "sftp": _FOLDER,
    "smb": _FOLDER.model_copy(update={"case_sensitive": False}),
}
#: What can be described, and is not reached.
_NOT_REACHED = ("synology",)
#: Providers that a plugin added, in this process.
_added: dict[str, Factory] = {}


def register_provider(name: str, factory: Factory) -> None:
    """Let `factory` make the storages of a provider, in this process; it comes before one of ours.

    Args:
        name: The provider's, as servers send it.
        factory: Called with the configuration. Its `capabilities`, a `StorageCapabilities`, is what
            `get_capabilities` answers.
    """
    _added[name] = factory


def get_registered_providers() -> list[str]:
    """Return the names of all providers, without their other names, sorted."""
    return sorted({*_BUILT_IN, *_added})


def resolve_provider_alias(provider: str) -> str:
    """Return a provider's own name, whatever it was called."""
    return provider if provider in _added else PROVIDER_ALIASES.get(provider, provider)


def is_provider_supported(provider: str) -> bool:
    """Can storages of this provider be reached, once its library is installed?"""
    name = resolve_provider_alias(provider)
    return name in _added or name in _BUILT_IN


def get_provider_class(provider: str) -> Factory:
    """Return what makes storages of a provider.

    Raises:
        StorageProviderNotFoundError: This version reaches none of that name.
    """
    name = resolve_provider_alias(provider)
    if name in _added:
        return _added[name]
    if name not in _BUILT_IN:
        raise _not_found(provider)
    module, kind = _BUILT_IN[name]
    # By name: what authors import must not load an HTTP client, nor name it.
    found: Factory = getattr(import_module(f"synapse_sdk.storage_providers.providers.{module}"), kind)
    return found


def get_capabilities(provider: str) -> StorageCapabilities:
    """Return what storages of a provider can do; of an added one that does not say, as little as possible.

    Raises:
        StorageProviderNotFoundError: This version reaches none of that name.
    """
    name = resolve_provider_alias(provider)
    if name in _added:
        told = getattr(_added[name], "capabilities", None)
        return told if isinstance(told, StorageCapabilities) else StorageCapabilities()
    if name not in _CAPABILITIES:
        raise _not_found(provider)
    return _CAPABILITIES[name]


def _not_found(provider: str) -> StorageProviderNotFoundError:
    known = get_registered_providers()
    also = sorted(PROVIDER_ALIASES)
    return StorageProviderNotFoundError(
        f"A storage is of the kind {provider!r}, which this version does not reach.",
        {"provider": provider, "available": known},
        hint=f"Kinds that it reaches: {', '.join([*known, *also])}."
        + ("" if provider in _NOT_REACHED else " register_provider adds one."),
    )
