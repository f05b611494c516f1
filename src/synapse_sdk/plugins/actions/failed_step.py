"""What an error of a workflow says of where it came from."""

from __future__ import annotations

from collections.abc import Iterator

from synapse_sdk.plugins.errors import StepError


def extract_failed_step(error: BaseException) -> str | None:
    """Return the name of the step that failed, or None where it was none."""
    for cause in iter_causes(error):
        if isinstance(cause, StepError):
            return str(cause.details.get("step") or "") or None
    return None


def iter_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what caused it, and so on; each once."""
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__
