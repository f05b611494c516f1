"""How often an export says how far it is: after so many items, or after so long.

Source: interface sheet `actions.md` §6.3.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from synapse_sdk.plugins.errors import ExecutionError

#: Items, and seconds.
DEFAULT_FLUSH_INTERVAL: Final = 25
DEFAULT_FLUSH_MIN_SECONDS: Final = 0.5
#: Where an export may be told otherwise: in its params, or their `extra_params`.
_INTERVAL_KEY: Final = "export_progress_flush_interval"
_SECONDS_KEY: Final = "export_progress_flush_min_seconds"


class ProgressThrottle:
    """Says when it is time to report again. For one thread."""

    def __init__(
        self,
        interval: int = DEFAULT_FLUSH_INTERVAL,
        min_seconds: float = DEFAULT_FLUSH_MIN_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Report after `interval` items or `min_seconds` seconds, whichever comes first."""
        self.interval = interval
        self.min_seconds = min_seconds
        self._now = now
        self._waiting = 0
        self._flushed_at = now()

    def is_due(self, items: int = 1) -> bool:
        """Count items that are done, and say whether that is to be told. If so, counting begins anew."""
        self._waiting += items
        moment = self._now()
        if self._waiting < self.interval and moment - self._flushed_at < self.min_seconds:
            return False
        self._waiting, self._flushed_at = 0, moment
        return True


def build_throttle_from_params(params: Mapping[str, Any]) -> ProgressThrottle:
    """Build one as an export's params say.

    Args:
        params: `export_progress_flush_interval` (items, 1 or more), `export_progress_flush_min_seconds` (0 or
            more), by themselves or in `extra_params`. Both have defaults.

    Raises:
        ExecutionError: One of them is no such number.
    """
    given = {**(params.get("extra_params") or {}), **params}
    interval, seconds = given.get(_INTERVAL_KEY), given.get(_SECONDS_KEY)
    if interval is not None and (type(interval) is not int or interval < 1):
        raise _odd(_INTERVAL_KEY, interval, "a number of items, 1 or more")
    if seconds is not None and (type(seconds) not in (int, float) or not 0 <= seconds < float("inf")):
        raise _odd(_SECONDS_KEY, seconds, "a number of seconds, 0 or more")
    return ProgressThrottle(
        DEFAULT_FLUSH_INTERVAL if interval is None else interval,
        DEFAULT_FLUSH_MIN_SECONDS if seconds is None else float(seconds),
    )


def _odd(key: str, value: Any, allowed: str) -> ExecutionError:
    return ExecutionError(f"{key} of an export is {allowed}, not {value!r}.", {key: value})
