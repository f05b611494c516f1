"""While the server runs: ends attempts of which nothing is heard, tells jobs what they wait for."""

from __future__ import annotations

import logging
import threading

from synapse_sdk.server.jobs.attempt_service import AttemptService
from synapse_sdk.server.jobs.waiting_service import WaitingService

INTERVAL_S = 5.0
_log = logging.getLogger("synapse.server")


class Reaper:
    """One thread that looks every few seconds."""

    def __init__(
        self, attempts: AttemptService, waiting: WaitingService, *, interval_s: float = INTERVAL_S
    ) -> None:
        self._duties = {
            "looking for lost attempts": attempts.reap,
            "looking for jobs without a place": waiting.review,
        }
        self._interval_s = interval_s
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._is_stopping.clear()
        self._thread = threading.Thread(target=self._run, name="reaper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._is_stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping.wait(self._interval_s):
            for name, do in self._duties.items():
                try:
                    do()
                except Exception:  # noqa: BLE001 - outermost rim of a thread; a full disk, say: told, tried again
                    _log.exception("%s failed", name)
