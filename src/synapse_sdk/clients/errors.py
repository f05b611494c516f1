"""What can come back instead of an answer; `synapse_sdk.exceptions` is where it is imported from.

```text
ClientError                             str() is "status: detail"
├── HTTPError                           the server's answer is a refusal, or that it fails
│   ├── ValidationError                 400, 422
│   ├── AuthenticationError             401
│   ├── AuthorizationError              403
│   ├── NotFoundError                   404
│   ├── RateLimitError                  429
│   ├── ServerError                     500 and above
│   └── GpuUnavailableError             503 with `error_type: gpu_unavailable`
├── ClientTimeoutError                  no answer in time
├── ClientConnectionError               no connection
│   └── ClientResponseIncompleteError   the answer broke off
└── StreamError                         a stream of lines or messages went wrong
    ├── StreamLimitExceededError
    └── WebSocketError
```

Source: interface sheets `core.md` §5.5, `platform.md` §3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from synapse_sdk._internal.errors import NotAdmittedError, NotReachableError, SynapseError


class ClientError(SynapseError):
    """A request that did not get its answer. `status_code` is None when no response came."""

    def __init__(
        self,
        status_code: int | None = None,
        detail: Any = None,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what came back.

        Args:
            status_code: The answer's status.
            detail: What the server says: a text, or a list of `{loc, msg}`.
            hint: The next thing to try.
            details: More facts for a program.
        """
        message = describe_detail(detail) or (f"The server answered {status_code}." if status_code else "")
        super().__init__(message, {"status_code": status_code, **(details or {})}, hint=hint)
        self.status_code = status_code
        self.detail = detail

    def __str__(self) -> str:
        return ": ".join(str(part) for part in (self.status_code, describe_detail(self.detail)) if part)

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.status_code, self.detail, self.hint, self.details)


class HTTPError(ClientError):
    """The server answered, and refuses or fails. A status without its own class, such as 409, is this."""

    def __init__(
        self,
        status_code: int,
        detail: Any = None,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what came back; see `ClientError`."""
        super().__init__(status_code, detail, hint=hint, details=details)


class _OneStatusError(HTTPError):
    #: The only one that it has.
    of_status: ClassVar[int]

    def __init__(
        self, detail: Any = None, *, hint: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        """Say what came back; see `ClientError`."""
        super().__init__(self.of_status, detail, hint=hint, details=details)


class ValidationError(HTTPError):
    """400 or 422: the request does not fit."""

    def __init__(
        self,
        status_code: int = 400,
        detail: Any = None,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what came back; see `ClientError`."""
        super().__init__(status_code, detail, hint=hint, details=details)


class AuthenticationError(_OneStatusError, NotAdmittedError):
    """401: nobody whom the server knows. Asking again with the same token does not help."""

    of_status = 401


class AuthorizationError(_OneStatusError, NotAdmittedError):
    """403: the server knows who asks, and refuses."""

    of_status = 403


class NotFoundError(_OneStatusError):
    """404."""

    of_status = 404


class RateLimitError(_OneStatusError):
    """429."""

    of_status = 429


class ServerError(HTTPError, NotReachableError):
    """5xx: the server is there and fails."""

    def __init__(
        self,
        status_code: int = 500,
        detail: Any = None,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what came back; see `ClientError`."""
        super().__init__(status_code, detail, hint=hint, details=details)


class GpuUnavailableError(_OneStatusError, NotReachableError):
    """503 with `error_type: gpu_unavailable`. `message` is the server's sentence."""

    of_status = 503

    @property
    def error_details(self) -> dict[str, Any]:
        """What the server told besides its sentence."""
        if isinstance(self.detail, Mapping):
            return dict(self.detail)
        return dict(self.details.get("problem", {}))


class ClientTimeoutError(ClientError, NotReachableError):
    """No answer in time; nothing was changed, or changing it again is harmless. Its status is 408."""

    def __init__(
        self, detail: Any = None, *, hint: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        """Say what was waited for; see `ClientError`."""
        super().__init__(408, detail, hint=hint, details=details)


class ClientConnectionError(ClientError, NotReachableError):
    """No connection: refused, unknown name, TLS."""

    def __init__(
        self, detail: Any = None, *, hint: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        """Say why there is none; see `ClientError`."""
        super().__init__(None, detail, hint=hint, details=details)


class ClientResponseIncompleteError(ClientConnectionError):
    """The answer did not come whole. The request may have been carried out."""


class StreamError(ClientError):
    """A stream went wrong."""


class StreamLimitExceededError(StreamError):
    """A stream is longer than its reader takes."""


class WebSocketError(StreamError):
    """A WebSocket could not be opened, broke off, or told an error."""


class JobTokenRefusedError(SynapseError):
    """The job's own token is over, so nothing can be said in the job's name any more."""


#: Statuses below 500 that may be otherwise a moment later.
_PASSING = frozenset({408, 425, 429})
_BY_STATUS: dict[int, type[_OneStatusError]] = {
    kind.of_status: kind for kind in (AuthenticationError, AuthorizationError, NotFoundError, RateLimitError)
}


def error_of_status(
    status_code: int,
    detail: Any = None,
    *,
    hint: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> HTTPError:
    """Return the error of the kind that a status of 400 or above deserves."""
    if status_code in _BY_STATUS:
        return _BY_STATUS[status_code](detail, hint=hint, details=details)
    if status_code in (400, 422):
        return ValidationError(status_code, detail, hint=hint, details=details)
    kind = ServerError if status_code >= 500 else HTTPError
    return kind(status_code, detail, hint=hint, details=details)


def raise_for_status(status_code: int, detail: Any = None) -> None:
    """Do nothing for a status below 400.

    Raises:
        HTTPError: The kind for the status.
    """
    if status_code >= 400:
        raise error_of_status(status_code, detail)


def is_passing_status(status_code: int | None) -> bool:
    """May the same request succeed a moment later? None stands for no answer at all."""
    return status_code is None or status_code >= 500 or status_code in _PASSING


def describe_detail(detail: Any) -> str:
    """Return one sentence for what a server says, be it a text, a document, or a list of `{loc, msg}`."""
    if isinstance(detail, list):
        return "; ".join(
            f"{'.'.join(map(str, item.get('loc', [])))}: {item.get('msg', item)}"
            if isinstance(item, Mapping)
            else str(item)
            for item in detail
        )
    if isinstance(detail, Mapping) and isinstance(detail.get("message"), str):
        return str(detail["message"])
    return "" if detail is None else str(detail)


def _rebuild(
    kind: type[ClientError], status_code: int | None, detail: Any, hint: str | None, details: dict[str, Any]
) -> ClientError:
    # Past the constructors, which differ.
    error = kind.__new__(kind)
    ClientError.__init__(error, status_code, detail, hint=hint, details=details)
    return error
