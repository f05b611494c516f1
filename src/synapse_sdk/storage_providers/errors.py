"""What can go wrong with a storage.

```text
StorageError
├── StorageConfigError              its configuration does not fit its provider
├── StorageProviderNotFoundError    no provider of that name, or it is not reached by this version
├── StorageConnectionError          it can not be reached just now
├── StorageUploadError              a file did not get there
├── StorageNotFoundError            nothing is there
├── StoragePermissionError          it is not for you, or lies outside
├── StorageCapabilityError          storages of this provider can not do that
├── StorageContractVersionError     the server speaks of storages in a newer way
└── StorageSessionError             the time in which it was open
    ├── StorageSessionClosedError       you closed it
    ├── StorageSessionExpiredError      it is over
    └── StorageRefreshUnavailableError  it is over, and the server gives no new one
```

Source: interface sheet `platform.md` §5.
"""

from __future__ import annotations

from synapse_sdk._internal.errors import NotAdmittedError, NotReachableError, SynapseError


class StorageError(SynapseError):
    """Anything that can go wrong with a storage."""


class StorageConfigError(StorageError):
    """A storage's configuration does not fit its provider."""


class StorageProviderNotFoundError(StorageError):
    """There is no provider of that name, or this version does not reach it."""


class StorageConnectionError(StorageError, NotReachableError):
    """The storage can not be reached, or not just now."""


class StorageUploadError(StorageError):
    """A file did not get into the storage."""


class StorageNotFoundError(StorageError):
    """Nothing is there in the storage."""


class StoragePermissionError(StorageError, NotAdmittedError):
    """It is not for you, or would lie outside of the storage."""


class StorageCapabilityError(StorageError):
    """Storages of this provider can not do that."""


class StorageContractVersionError(StorageError):
    """The server speaks of storages in a way that this version does not know."""


class StorageSessionError(StorageError):
    """The session is no longer, or not now, of use."""


class StorageSessionClosedError(StorageSessionError):
    """The session was closed."""


class StorageSessionExpiredError(StorageSessionError):
    """The session's time is over."""


class StorageRefreshUnavailableError(StorageSessionError):
    """The session's time is over, and the server gives no new one."""
