"""Buckets of Google Cloud Storage. `synapse_sdk.storage_providers.providers.gcs`, by its older path."""

from synapse_sdk.storage_providers.providers.gcs import (
    GCSStorage,
)

__all__ = [
    "GCSStorage",
]
