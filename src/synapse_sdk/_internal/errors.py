"""The one shape of an expected error: a sentence for a person, facts for a program, the next thing to try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self


class SynapseError(Exception):
    """Anything that Synapse itself reports as gone wrong.

    `message` is one sentence for a person, `details` the same facts for a program, and `hint` the next thing
    to try. All three survive pickling, so an error may cross a process border.
    """

    def __init__(
        self, message: str, details: Mapping[str, Any] | None = None, *, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.hint = hint

    def __repr__(self) -> str:
        return f"{type(self).__name__}(message={self.message!r}, details={self.details!r})"

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[object, ...]]:
        return _rebuild, (type(self), self.message, self.details, self.hint)  # type: ignore[return-value]


def read_words(error: BaseException) -> str:
    """Return an exception's own words, empty where it has none. For errors of foreign code."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - border of foreign code: an error's own words may fail too
        return "its message can not be shown"


def _rebuild(
    kind: type[SynapseError], message: str, details: Mapping[str, Any], hint: str | None
) -> SynapseError:
    # Past subclasses' own constructors: what is rebuilt is the error as it was, not a new one.
    error = kind.__new__(kind)
    SynapseError.__init__(error, message, details, hint=hint)
    return error


class NotReachableError(SynapseError):
    """Something outside this process could not be reached, or can not just now. Later it may."""


class NotAdmittedError(SynapseError):
    """Something outside this process did not let us in. Asking again does not help; another token may."""


class MissingExtraError(SynapseError, ImportError):
    """An optional library is not installed."""
