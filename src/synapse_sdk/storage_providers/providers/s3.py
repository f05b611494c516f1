"""Buckets of Amazon S3, and of MinIO and others that speak like it. They need the extra `s3`.

Source: interface sheet `platform.md` §5; s3fs's page "Credentials" and its parameters `client_kwargs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.config import S3StorageConfig, parse_configuration
from synapse_sdk.storage_providers.providers._fsspec import FsspecStorage
from synapse_sdk.storage_providers.registry import get_capabilities


class S3Storage(FsspecStorage):
    """One bucket."""

    capabilities: ClassVar[StorageCapabilities] = get_capabilities("s3")
    extra = "s3"
    libraries = ("s3fs",)

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        """Read how to reach it; nothing is sent yet.

        Raises:
            StorageConfigError: The configuration does not fit.
        """
        self.config = parse_configuration(S3StorageConfig, "s3", configuration)

    @property
    def protocol(self) -> str:
        """How fsspec calls it."""
        return "s3"

    @property
    def root(self) -> str:
        """The bucket."""
        return self.config.bucket_name.strip("/")

    @property
    def base_url(self) -> str:
        """`s3://<bucket>`."""
        return f"s3://{self.root}"

    def describe_access(self) -> dict[str, Any]:
        """Return keys, region and address, as s3fs takes them."""
        access: dict[str, Any] = {
            "key": self.config.access_key,
            "secret": self.config.secret_key,
            "client_kwargs": {"region_name": self.config.region_name},
        }
        if self.config.endpoint_url:
            access["endpoint_url"] = self.config.endpoint_url
        return access
