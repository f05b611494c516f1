"""A server that goes away while somebody waits for it, and comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from synapse_sdk.clients.errors import ClientConnectionError, ClientError, ClientTimeoutError, ServerError

T = TypeVar("T")

#: What a server that is away, or has trouble, is known by; refusals are something else.
AWAY = (ClientConnectionError, ClientTimeoutError, ServerError)
#: Waits before it is asked again.
WAITS_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class Absence:
    """Waits for a server, and tells once that it is away and once that it is back. For several threads.

    A connection that breaks and can be made again at once is not told.
    """

    def __init__(
        self,
        *,
        on_away: Callable[[ClientError], None] | None = None,
        on_back: Callable[[], None] | None = None,
    ) -> None:
        """Tell nobody unless told whom."""
        self._on_away = on_away
        self._on_back = on_back
        self._is_away = False
        self._lock = threading.Lock()

    def wait(self, failures: int, error: ClientError | None) -> None:
        """Wait before asking again.

        Args:
            failures: How many times in a row the server could not be asked before this one.
            error: Why; None when a stream ended without a word.
        """
        if failures and error is not None:
            self._note_away(error)
        time.sleep(WAITS_S[min(failures, len(WAITS_S) - 1)])

    def note_answer(self) -> None:
        """Note that the server has answered."""
        with self._lock:
            if self._is_away:
                self._is_away = False
                if self._on_back is not None:
                    self._on_back()

    def outlast(self, ask: Callable[[], T]) -> T:
        """Ask something harmless to repeat until the server answers, however long it is away.

        Raises:
            ClientError: The server refuses.
        """
        failures = 0
        while True:
            try:
                answer = ask()
            except AWAY as error:
                self.wait(failures, error)
                failures += 1
            else:
                self.note_answer()
                return answer

    def _note_away(self, error: ClientError) -> None:
        with self._lock:
            if not self._is_away:
                self._is_away = True
                if self._on_away is not None:
                    self._on_away(error)
