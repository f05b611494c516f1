"""What the console itself refuses. Errors of services have the same two attributes, `status` and `title`."""

from __future__ import annotations

from synapse_sdk._internal.errors import SynapseError


class ConsoleError(SynapseError):
    """A request that the console can not answer as asked."""

    status = 400


class SignedOutError(ConsoleError):
    """The page is for people who have signed in."""

    status = 401


class ForgedRequestError(ConsoleError):
    """A request that does not come from one of our own forms."""

    status = 403


class TooManyTriesError(ConsoleError):
    """Too many wrong passwords in a short time."""

    status = 429


class TooLargeFormError(ConsoleError):
    """More than somebody may send who has not signed in."""

    status = 413


class SlowFormError(ConsoleError):
    """A form that does not come to its end."""

    status = 408


class PageNotFoundError(ConsoleError):
    """There is no such page."""

    status = 404


def status_of(error: BaseException) -> int:
    """Return the HTTP status of an error: ours and the services' carry one, others are 500."""
    status = getattr(error, "status", 500)
    return status if isinstance(status, int) else 500
