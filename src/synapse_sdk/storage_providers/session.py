"""A storage for as long as a server opened it.

```text
OPEN ──▶ EXPIRED ──▶ REFRESHING ──▶ OPEN
                          └───────▶ FAILED       anything ──▶ CLOSED
```

Source: interface sheet `platform.md` §5.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Never, Protocol, Self

from synapse_sdk._internal.clock import utc_now
from synapse_sdk._internal.uuid7 import uuid7
from synapse_sdk.storage_providers.access import get_storage
from synapse_sdk.storage_providers.capabilities import StorageCapabilities
from synapse_sdk.storage_providers.config import StorageConfig, parse_storage_config
from synapse_sdk.storage_providers.errors import (
    StorageConfigError,
    StorageContractVersionError,
    StorageRefreshUnavailableError,
    StorageSessionClosedError,
    StorageSessionError,
    StorageSessionExpiredError,
)
from synapse_sdk.storage_providers.protocol import StorageProtocol
from synapse_sdk.storage_providers.registry import get_capabilities
from synapse_sdk.storage_providers.staging import cleanup_staging, ensure_session_staging_dir, materialize

#: The way of speaking of storages that is spoken here, and those that are understood.
CONTRACT_VERSION = 1
SUPPORTED_CONTRACT_VERSIONS = frozenset({1})

Purpose = Literal["read", "write"]


class SessionState(StrEnum):
    """Where a session is."""

    OPEN = "open"
    REFRESHING = "refreshing"
    EXPIRED = "expired"
    FAILED = "failed"
    CLOSED = "closed"


class StorageSessionProvider(Protocol):
    """Opens sessions."""

    def open(self, storage_id: int, purpose: Purpose = "read") -> StorageSession:
        """Open a storage."""


class StorageSession:
    """One storage, open. Close it, or use it in a `with`: copies of its files are removed then.

    Thread-safe. It holds credentials, so it can not be pickled, and does not print them.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        storage_id: int | None = None,
        purpose: Purpose = "read",
        renew: Callable[[], Mapping[str, Any]] | None = None,
        auto_refresh: bool = True,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Open what a server described.

        Args:
            document: `{provider, configuration, expires_at?, contract_version?}`.
            storage_id: The storage's.
            purpose: "read" or "write".
            renew: Asks the server for another one.
            auto_refresh: Ask when the time is over, instead of raising.
            now: Tells the time.

        Raises:
            StorageContractVersionError: The server speaks in a newer way.
            StorageConfigError: The description does not fit.
            StorageProviderNotFoundError: There is no such provider.
        """
        self.session_id = uuid7()
        self.storage_id = storage_id
        self.purpose: Purpose = purpose
        self.auto_refresh = auto_refresh
        self._renew, self._now = renew, now
        self._lock = threading.RLock()
        self._state = SessionState.OPEN
        self._take(document)

    def _take(self, document: Mapping[str, Any]) -> None:
        validate_contract_version(document.get("contract_version", CONTRACT_VERSION))
        config = parse_storage_config(document)
        expires_at = _parse_moment(document.get("expires_at"))
        storage = get_storage(config)
        self._config: StorageConfig = config
        self.expires_at = expires_at
        self._storage: StorageProtocol = storage

    @property
    def provider(self) -> str:
        """The storage's provider, as the server calls it."""
        return self._config.provider

    @property
    def configuration(self) -> dict[str, Any]:
        """What the provider was told; there may be secrets in it."""
        return dict(self._config.configuration)

    @property
    def capabilities(self) -> StorageCapabilities:
        """What paths of it can do."""
        return get_capabilities(self.provider)

    @property
    def state(self) -> SessionState:
        """Where it is. One whose time is over is so before anyone has tried."""
        with self._lock:
            if self._state is SessionState.OPEN and self._is_over():
                return SessionState.EXPIRED
            return self._state

    @property
    def storage(self) -> StorageProtocol:
        """The storage, open.

        Raises:
            StorageSessionClosedError: You closed it.
            StorageSessionExpiredError: Its time is over, and it is not to be refreshed by itself.
            StorageRefreshUnavailableError: Its time is over, and the server gives no new one.
        """
        with self._lock:
            if self._state is SessionState.CLOSED:
                raise StorageSessionClosedError(f"The session of {self._named} was closed.", self._facts)
            if self._state is SessionState.FAILED or self._is_over():
                if not self.auto_refresh:
                    raise StorageSessionExpiredError(
                        f"The session of {self._named} is over since {self.expires_at}.",
                        self._facts,
                        hint="Call refresh(), or open it with auto_refresh=True.",
                    )
                self.refresh()
            return self._storage

    def path(self, rel: str = "") -> Any:
        """Return a file or folder of the storage as a path object; see `storage` for errors.

        Raises:
            StoragePermissionError: It leads out of the storage.
        """
        return self.storage.get_pathlib(rel)

    def get_pathlib(self, path: str) -> Any:
        """Do as `path()`: what is asked of a storage can be asked of a session."""
        return self.path(path)

    def list_dir(self, rel: str = "", show_hidden: bool = False) -> list[Any]:
        """Return what is in a folder, by name; without what begins with a dot unless asked for.

        Raises:
            StorageCapabilityError: The provider lists nothing.
        """
        found = sorted(self.path(rel).iterdir(), key=lambda path: str(path.name))
        return [path for path in found if show_hidden or not path.name.startswith(".")]

    def materialize(self, rel: str) -> Path:
        """Return a file or folder as it is on this machine: itself, or a copy that goes when this is closed.

        Raises:
            StorageNotFoundError: Nothing is there.
        """
        path = self.path(rel)
        if not self.capabilities.materialize and isinstance(path, Path) and path.exists():
            return path
        # A folder for each, so that two files of one name stay apart.
        parent = ensure_session_staging_dir(self.session_id) / uuid7()
        parent.mkdir()
        return materialize(path, parent)

    def refresh(self) -> None:
        """Ask the server for another one, with new credentials.

        Raises:
            StorageSessionClosedError: You closed it.
            StorageRefreshUnavailableError: There is no server to ask, or it gives none; the cause says why.
        """
        with self._lock:
            if self._state is SessionState.CLOSED:
                raise StorageSessionClosedError(f"The session of {self._named} was closed.", self._facts)
            self._state = SessionState.REFRESHING
            try:
                if self._renew is None:
                    raise StorageSessionError("no server opened this session")
                self._take(self._renew())
                if self._is_over():
                    raise StorageSessionError("the server gave one that is over already")
            except Exception as error:
                self._state = SessionState.FAILED
                raise StorageRefreshUnavailableError(
                    f"The session of {self._named} can not be renewed: {error}", self._facts
                ) from error
            self._state = SessionState.OPEN

    def close(self) -> None:
        """End it, and remove copies of its files. Again: nothing happens."""
        with self._lock:
            self._state = SessionState.CLOSED
        cleanup_staging(self.session_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> Never:
        raise TypeError("A StorageSession holds credentials and can not be pickled. Send the storage's id.")

    def __repr__(self) -> str:
        return f"StorageSession({self._named}, {self.provider!r}, {self.state.value})"

    @property
    def _named(self) -> str:
        return "a storage" if self.storage_id is None else f"storage {self.storage_id}"

    @property
    def _facts(self) -> dict[str, Any]:
        ends = None if self.expires_at is None else self.expires_at.isoformat()
        return {"storage": self.storage_id, "provider": self.provider, "expires_at": ends}

    def _is_over(self) -> bool:
        return self.expires_at is not None and self._now() >= self.expires_at


def validate_contract_version(version: Any) -> int:
    """Return a version of the contract that is understood here.

    Raises:
        StorageContractVersionError: It is none of them.
    """
    if type(version) is int and version in SUPPORTED_CONTRACT_VERSIONS:
        return version
    known = ", ".join(map(str, sorted(SUPPORTED_CONTRACT_VERSIONS)))
    raise StorageContractVersionError(
        f"The server speaks of storages in version {version!r}; this SDK understands {known}.",
        {"contract_version": version, "supported": sorted(SUPPORTED_CONTRACT_VERSIONS)},
        hint="Update the SDK.",
    )


def _parse_moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise StorageConfigError(
            f"A session's expires_at is a moment as ISO 8601 writes it, not {value!r}.", {"expires_at": value}
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


__all__ = [
    "CONTRACT_VERSION",
    "SUPPORTED_CONTRACT_VERSIONS",
    "Purpose",
    "SessionState",
    "StorageSession",
    "StorageSessionProvider",
    "validate_contract_version",
]
