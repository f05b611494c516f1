"""What a service refuses, and the problem document (RFC 9457) that a client gets for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synapse_sdk._internal.errors import SynapseError

PROBLEM_JSON = "application/problem+json"


class ServiceError(SynapseError):
    """A request that can not be answered as asked. The message goes to the client as it is."""

    status = 500
    title = "Internal error"

    def to_problem(self) -> dict[str, Any]:
        """Return the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:synapse:{type(self).__name__.removesuffix('Error').lower()}",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
        }
        if self.hint:
            document["hint"] = self.hint
        return document | {name: value for name, value in self.details.items() if name not in document}


class InvalidError(ServiceError):
    """A value does not fit; `details["errors"]` names each field."""

    status = 400
    title = "Invalid request"

    @classmethod
    def of_fields(cls, problems: Sequence[Mapping[str, Any]]) -> InvalidError:
        """Build it from problems `{loc, msg, type, input}`."""
        said = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in problems[:5])
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        text = said + more
        return cls(text if text.endswith("?") else f"{text}.", {"errors": list(problems)})


class UnauthorizedError(ServiceError):
    """Nobody we know is asking."""

    status = 401
    title = "Not authenticated"


class ForbiddenError(ServiceError):
    """Whoever is asking may not."""

    status = 403
    title = "Not allowed"


class NotFoundError(ServiceError):
    """There is no such thing, or it is not for whoever is asking."""

    status = 404
    title = "Not found"


class ConflictError(ServiceError):
    """What is there already contradicts the request."""

    status = 409
    title = "Conflict"


class TooLargeError(ServiceError):
    """More than is taken at once; the message gives the limit."""

    status = 413
    title = "Too large"


class UnavailableError(ServiceError):
    """Not now: no room on the disk, shutting down. Worth a retry."""

    status = 503
    title = "Not available now"
