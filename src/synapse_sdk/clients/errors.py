"""What can come back instead of an answer. Source: interface sheet `platform.md` §3.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synapse_sdk._internal.errors import NotReachableError, SynapseError


class ClientError(SynapseError):
    """A request that did not get its answer. `status_code` is None when no response came."""

    def __init__(
        self,
        status_code: int | None,
        detail: Any = None,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        message = detail if isinstance(detail, str) else describe_detail(detail)
        super().__init__(message, {"status_code": status_code, **(details or {})}, hint=hint)
        self.status_code = status_code
        self.detail = detail

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.status_code, self.detail, self.hint, self.details)


class ValidationError(ClientError):
    """400 or 422: the request does not fit."""


class AuthenticationError(ClientError, NotReachableError):
    """401: nobody whom the server knows."""


class AuthorizationError(ClientError, NotReachableError):
    """403: the server knows who asks, and refuses."""


class NotFoundError(ClientError):
    """404."""


class RateLimitError(ClientError):
    """429."""


class ServerError(ClientError, NotReachableError):
    """5xx: the server is there and fails."""


class GpuUnavailableError(ServerError):
    """503 with `error_type: gpu_unavailable`."""


class HTTPError(ClientError):
    """Any other refusal, such as 409."""


class ClientConnectionError(ClientError, NotReachableError):
    """No connection: refused, unknown name, TLS."""


class ClientTimeoutError(ClientError, NotReachableError):
    """No answer in time; nothing was changed, or changing it again is harmless."""


class ClientResponseIncompleteError(ClientTimeoutError):
    """The answer did not come whole. The request may have been carried out."""


def describe_detail(detail: Any) -> str:
    """Return one sentence for what a server says, be it a text or a list of `{loc, msg}`."""
    if isinstance(detail, list):
        return "; ".join(
            f"{'.'.join(map(str, item.get('loc', [])))}: {item.get('msg', item)}"
            if isinstance(item, Mapping)
            else str(item)
            for item in detail
        )
    return str(detail)


def _rebuild(
    kind: type[ClientError], status_code: int | None, detail: Any, hint: str | None, details: dict[str, Any]
) -> ClientError:
    return kind(status_code, detail, hint=hint, details=details)
