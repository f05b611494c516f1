"""Buckets of Amazon S3 and its like. `synapse_sdk.storage_providers.providers.s3`, by its older path."""

from synapse_sdk.storage_providers.providers.s3 import (
    S3Storage,
)

__all__ = [
    "S3Storage",
]
