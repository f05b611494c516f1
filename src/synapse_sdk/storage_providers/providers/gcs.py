"""Buckets of Google Cloud Storage. They need the extra `gcs`.

Source: interface sheet `platform.md` §5; gcsfs's parameters `token` and `project`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.config import GCSStorageConfig, parse_configuration
from synapse_sdk.storage_providers.providers._fsspec import FsspecStorage
from synapse_sdk.storage_providers.registry import get_capabilities


class GCSStorage(FsspecStorage):
    """One bucket."""

    capabilities: ClassVar[StorageCapabilities] = get_capabilities("gcs")
    extra = "gcs"
    libraries = ("gcsfs",)

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        """Read how to reach it; nothing is sent yet.

        Raises:
            StorageConfigError: The configuration does not fit.
        """
        self.config = parse_configuration(GCSStorageConfig, "gcs", configuration)

    @property
    def protocol(self) -> str:
        """How fsspec calls it."""
        return "gs"

    @property
    def root(self) -> str:
        """The bucket."""
        return self.config.bucket_name.strip("/")

    @property
    def base_url(self) -> str:
        """`gs://<bucket>`."""
        return f"gs://{self.root}"

    def describe_access(self) -> dict[str, Any]:
        """Return credentials and project, as gcsfs takes them."""
        project = {} if self.config.project is None else {"project": self.config.project}
        return {"token": self.config.credentials, **project}
