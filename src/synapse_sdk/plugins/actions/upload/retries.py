"""How long a request that a server did not take waits before it is sent again."""

from __future__ import annotations

import random
import time

from synapse_sdk.clients.errors import ClientError

#: Seconds of the longest wait after the first failure; doubled with each one.
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 20.0


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
