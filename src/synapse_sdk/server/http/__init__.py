"""What every subject's routes share: who is asking, how errors look, requests that may be repeated, pages."""

from synapse_sdk.server.http.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    ServiceError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
)
from synapse_sdk.server.http.principal import Principal

__all__ = [
    "ConflictError",
    "ForbiddenError",
    "InvalidError",
    "NotFoundError",
    "Principal",
    "ServiceError",
    "TooLargeError",
    "UnauthorizedError",
    "UnavailableError",
]
