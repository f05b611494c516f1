"""Shares of a Windows network. They need the extra `smb`.

Source: interface sheet `platform.md` §5; fsspec's `SMBFileSystem`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.config import SMBStorageConfig, parse_configuration
from synapse_sdk.storage_providers.inside import split_path
from synapse_sdk.storage_providers.providers._fsspec import FsspecStorage
from synapse_sdk.storage_providers.registry import get_capabilities


class SMBStorage(FsspecStorage):
    """One share, or a folder in it."""

    capabilities: ClassVar[StorageCapabilities] = get_capabilities("smb")
    extra = "smb"
    libraries = ("smbclient",)

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        """Read how to reach it; nothing is sent yet.

        Raises:
            StorageConfigError: The configuration does not fit.
        """
        self.config = parse_configuration(SMBStorageConfig, "smb", configuration)

    @property
    def protocol(self) -> str:
        """How fsspec calls it."""
        return "smb"

    @property
    def root(self) -> str:
        """Machine, share and folder."""
        return "/".join([self.config.host, *self._folder])

    @property
    def base_url(self) -> str:
        """`smb://<host>[:<port>]/<share>/…`."""
        port = "" if self.config.port is None else f":{self.config.port}"
        return "/".join([f"smb://{self.config.host}{port}", *self._folder])

    def describe_access(self) -> dict[str, Any]:
        """Return machine, name and password, as fsspec takes them."""
        config = self.config
        name = config.username
        access = {
            "host": config.host,
            "port": config.port,
            # A domain goes before the name, as Windows writes it.
            "username": f"{config.domain}\\{name}" if config.domain and name else name,
            "password": config.password,
            "encrypt": config.encrypt,
            "share_access": config.share_access,
            "timeout": config.timeout,
            "register_session_retries": config.register_session_retries,
            "auto_mkdir": config.auto_mkdir,
            # Below the share: where files are written first.
            "temppath": "".join(f"/{part}" for part in split_path(config.root_path)),
        }
        return {option: value for option, value in access.items() if value is not None}

    @property
    def _folder(self) -> tuple[str, ...]:
        return (self.config.share.strip("/"), *split_path(self.config.root_path))
