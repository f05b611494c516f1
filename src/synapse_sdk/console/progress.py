"""A job's phases as a person reads them: a bar, a percentage, how long it may still take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synapse_sdk.console.moments import describe_duration
from synapse_sdk.console.texts import Texts


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of a job, as far as it has come."""

    name: str
    #: Between 0 and 1.
    done: float
    percent: str
    said: str


def list_phases(progress: Mapping[str, Any] | None, t: Texts, *, has_ended: bool) -> list[Phase]:
    """Return the phases that a job has reported, in the order in which they moved last."""
    return [
        _describe(name, body, t, has_ended=has_ended)
        for name, body in (progress or {}).items()
        if isinstance(body, Mapping)
    ]


def _describe(name: str, body: Mapping[str, Any], t: Texts, *, has_ended: bool) -> Phase:
    percent = _number(body.get("percent"))
    done = min(max(percent / 100, 0.0), 1.0)
    remaining_s, elapsed_s = body.get("remaining_s"), body.get("elapsed_s")
    if done < 1 and not has_ended and remaining_s is not None:
        said = t("job.remaining", span=describe_duration(_number(remaining_s), t))
    elif elapsed_s is not None:
        said = t("job.in", span=describe_duration(_number(elapsed_s), t))
    else:
        said = ""
    return Phase(name or t("job.unnamed_phase"), done, f"{percent:.0f}%", said)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
