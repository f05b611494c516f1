"""When a request that a server did not take is sent again, and how long that waits."""

from __future__ import annotations

import random
import time

from synapse_sdk.clients.errors import ClientError

#: Statuses that may be otherwise a moment later; so may everything from 500 on.
_PASSING = frozenset({408, 425, 429})
#: Seconds of the longest wait after the first failure; doubled with each one.
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 20.0


def is_passing(error: ClientError) -> bool:
    """May the same request succeed a moment later?"""
    status = error.status_code
    return status is None or status >= 500 or status in _PASSING


def choose_wait_s(error: ClientError, failures: int) -> float:
    """Return how many seconds to wait: as the server asks, else any time up to a limit that grows.

    Args:
        error: What was answered.
        failures: How many failed before this one.
    """
    asked: float | None = error.details.get("retry_after_s")
    longest_s = min(_FIRST_WAIT_S * 2**failures, _LONGEST_WAIT_S)
    return random.uniform(0, longest_s) if asked is None else asked  # noqa: S311 - no secret


def wait_before_retry(error: ClientError, failures: int) -> None:
    """Wait that long."""
    time.sleep(choose_wait_s(error, failures))
