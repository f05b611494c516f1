"""What an agent's folder no longer needs: environments, wheels of other SDKs, reported attempts.

An environment goes when nothing used it for a month, or when all together are too large, the longest unused
first. What an attempt that has not ended runs in stays, and so does what was used within the hour: an attempt
may be about to.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from synapse_sdk.agent.attempts import AttemptFolder, iter_attempts
from synapse_sdk.agent.environments import EnvironmentCache
from synapse_sdk.agent.start_order import StartOrder

_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an agent keeps."""

    #: Seconds after its last use that an environment, or the wheel of an SDK, goes.
    unused_s: float = 30 * _DAY_S
    #: Bytes that all environments together may take.
    environments_bytes: int = 20 * 1000**3
    #: Seconds since its last use in which an environment is left alone, however much room all take.
    rest_s: float = 3600.0
    #: Seconds that the rest of an attempt is kept for somebody who looks, once the server knows its end.
    reported_s: float = 7 * _DAY_S


class Leftover(NamedTuple):
    """Something that may go."""

    kind: Literal["environment", "wheel", "attempt"]
    path: Path
    size_bytes: int
    #: Seconds since the epoch.
    last_used_s: float
    why: str


class Removal(NamedTuple):
    """What a collection came to."""

    removed: list[Leftover]
    #: What was to go and could not, with the reason.
    kept: list[tuple[Leftover, OSError]]


def find_garbage(
    folder: Path, limits: Limits | None = None, *, cache: EnvironmentCache | None = None
) -> list[Leftover]:
    """Return what may go of an agent's folder, changing nothing.

    Args:
        folder: The agent's.
        limits: How much it keeps.
        cache: The agent's own, whose wheel it still builds with.
    """
    limits, now_s = limits or Limits(), time.time()
    cache = cache or EnvironmentCache(folder / "envs")
    return [
        *_find_environments(cache, find_used(folder), limits, now_s),
        *_find_wheels(cache, limits, now_s),
        *_find_attempts(folder, limits, now_s),
    ]


def remove_garbage(
    folder: Path, limits: Limits | None = None, *, cache: EnvironmentCache | None = None
) -> Removal:
    """Remove what may go; see `find_garbage`. Only the agent of the folder, or who holds it, may do this."""
    cache, removal = cache or EnvironmentCache(folder / "envs"), Removal([], [])
    for leftover in find_garbage(folder, limits, cache=cache):
        try:
            if _remove(leftover, cache):
                removal.removed.append(leftover)
        except OSError as error:
            removal.kept.append((leftover, error))
    return removal


def find_used(folder: Path) -> set[Path]:
    """Return the environments that attempts run in which have not ended."""
    return {
        Path(StartOrder.load(attempt.path).argv[0]).parent.parent.resolve()
        for attempt in iter_attempts(folder / "attempts")
        if attempt.is_ordered and not attempt.has_ended
    }


def _find_environments(
    cache: EnvironmentCache, used: set[Path], limits: Limits, now_s: float
) -> Iterator[Leftover]:
    found = cache.list_kept()
    sizes = {kept.path: _measure(kept.path) for kept in found}
    total_bytes = sum(sizes.values())
    for path, last_used_s in sorted(found, key=lambda kept: kept.last_used_s):
        idle_s = now_s - last_used_s
        if path.resolve() in used or idle_s < limits.rest_s:
            continue
        if idle_s > limits.unused_s:
            why = f"not used for {idle_s / _DAY_S:.0f} days"
        elif total_bytes > limits.environments_bytes:
            why = "all together are too large, and this one was not used for longest"
        else:
            continue
        total_bytes -= sizes[path]
        yield Leftover("environment", path, sizes[path], last_used_s, why)


def _find_wheels(cache: EnvironmentCache, limits: Limits, now_s: float) -> Iterator[Leftover]:
    for wheel in cache.list_other_wheels():
        last_used_s = wheel.stat().st_mtime
        if now_s - last_used_s > limits.unused_s:
            size_bytes = _measure(wheel.parent)
            yield Leftover("wheel", wheel.parent, size_bytes, last_used_s, "its SDK built nothing since")


def _find_attempts(folder: Path, limits: Limits, now_s: float) -> Iterator[Leftover]:
    for attempt in iter_attempts(folder / "attempts"):
        at_s = attempt.path.stat().st_mtime
        if attempt.is_reported and now_s - at_s > limits.reported_s:
            size_bytes = _measure(attempt.path)
            yield Leftover("attempt", attempt.path, size_bytes, at_s, "the server has all of it")


def _remove(leftover: Leftover, cache: EnvironmentCache) -> bool:
    if leftover.kind == "environment":
        return cache.remove_unused_since(leftover.path, leftover.last_used_s)
    if leftover.kind == "attempt":
        AttemptFolder(leftover.path).remove()
    else:
        shutil.rmtree(leftover.path)
    return True


def _measure(folder: Path) -> int:
    """Return the bytes of the files below `folder`; links count as themselves."""
    walk = os.walk(folder)
    return sum((Path(parent) / name).lstat().st_size for parent, _, names in walk for name in names)


def describe(leftovers: Sequence[Leftover]) -> list[dict[str, object]]:
    """Return the plain value for `--json`."""
    return [leftover._asdict() | {"path": str(leftover.path)} for leftover in leftovers]
