"""Slows down guessing: every wrong password of a name makes the next try wait longer."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from synapse_sdk.console.errors import TooManyTriesError

#: Wrong tries that cost nothing: people mistype.
FREE_TRIES = 3
WAIT_MAX_S = 60.0
#: Names remembered at once; the oldest is forgotten first, so that made-up names do not fill the memory.
NAMES_MAX = 10_000


class Throttle:
    """Counts wrong tries per account name, in this process. A right one clears its name."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def require_patience(self, name: str) -> None:
        """Raise `TooManyTriesError` while `name` has to wait."""
        with self._lock:
            _, free_at = self._tries.get(name, (0, 0.0))
        wait_s = free_at - self._clock()
        if wait_s > 0:
            raise TooManyTriesError(
                f"Too many wrong passwords for this name. Try again in {wait_s:.0f} s.", {"wait_s": wait_s}
            )

    def record_failure(self, name: str) -> None:
        """Count a wrong try."""
        with self._lock:
            count = self._tries.pop(name, (0, 0.0))[0] + 1
            wait_s = min(2.0 ** (count - FREE_TRIES), WAIT_MAX_S) if count >= FREE_TRIES else 0.0
            self._tries[name] = (count, self._clock() + wait_s)
            while len(self._tries) > NAMES_MAX:
                self._tries.popitem(last=False)

    def clear(self, name: str) -> None:
        """Forget a name whose owner has signed in."""
        with self._lock:
            self._tries.pop(name, None)
