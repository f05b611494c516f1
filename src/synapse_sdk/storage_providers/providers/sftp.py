"""Folders behind SSH. They need the extra `sftp`.

Source: interface sheet `platform.md` §5; fsspec's `SFTPFileSystem`, whose options go to paramiko's
`SSHClient.connect`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.config import SFTPStorageConfig, parse_configuration
from synapse_sdk.storage_providers.errors import StorageConfigError
from synapse_sdk.storage_providers.inside import split_path
from synapse_sdk.storage_providers.providers._fsspec import FsspecStorage
from synapse_sdk.storage_providers.registry import get_capabilities

_PORT = 22


class SFTPStorage(FsspecStorage):
    """One folder of a machine, with what is below."""

    capabilities: ClassVar[StorageCapabilities] = get_capabilities("sftp")
    extra = "sftp"
    libraries = ("paramiko",)

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        """Read how to reach it; nothing is sent yet.

        Raises:
            StorageConfigError: The configuration does not fit, or has neither a password nor a key.
        """
        self.config = parse_configuration(SFTPStorageConfig, "sftp", configuration)
        if not self.config.password and not self.config.private_key:
            raise StorageConfigError(
                "The configuration of a storage of the kind 'sftp' has neither a password nor a private_key.",
                {"fields": ["password", "private_key"]},
            )

    @property
    def protocol(self) -> str:
        """How fsspec calls it."""
        return "sftp"

    @property
    def root(self) -> str:
        """Machine and folder."""
        return "/".join([self.config.host, *split_path(self.config.root_path)])

    @property
    def base_url(self) -> str:
        """`sftp://<host>[:<port>]<folder>`."""
        port = "" if self.config.port == _PORT else f":{self.config.port}"
        return "/".join([f"sftp://{self.config.host}{port}", *split_path(self.config.root_path)])

    def describe_access(self) -> dict[str, Any]:
        """Return machine, name and password or key, as paramiko takes them."""
        access = {
            "host": self.config.host,
            "port": self.config.port,
            "username": self.config.username,
            "password": self.config.password,
            "key_filename": self.config.private_key,
            "passphrase": self.config.passphrase,
            # Files are written here first: a rename does not lead from one file system into another.
            "temppath": "".join(f"/{part}" for part in split_path(self.config.root_path)),
        }
        return {name: value for name, value in access.items() if value is not None}
