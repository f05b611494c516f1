"""Answers that take longer than a request may: a ticket now, the result when it is asked for.

```text
request ──▶ done within the deadline ──▶ the result
        └─▶ not yet ──▶ ticket ──▶ asked for with it, again and again ──▶ pending … the result, once
```

Source: interface sheet `actions.md` §3.3. A ticket belongs to the replica that gave it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

DEFERRED_ENVELOPE_KEY: Final = "__synapse_deferred__"
POLL_REQUEST_KEY: Final = "__synapse_poll__"
STATUS_PENDING: Final = "pending"
STATUS_FAILED: Final = "failed"
STATUS_NOT_FOUND: Final = "not_found"
#: Tickets that a replica keeps at once, and seconds for which it keeps one.
TICKETS_AT_MOST = 256
TICKET_LIFETIME_S = 3600.0


def pending_envelope(ticket: str) -> dict[str, Any]:
    """Return what is answered while a result is being made."""
    return {DEFERRED_ENVELOPE_KEY: True, "status": STATUS_PENDING, "ticket": ticket}


def failed_envelope(ticket: str, error: str) -> dict[str, Any]:
    """Return what is answered once where the result could not be made."""
    return {DEFERRED_ENVELOPE_KEY: True, "status": STATUS_FAILED, "ticket": ticket, "error": error}


def not_found_envelope(ticket: str) -> dict[str, Any]:
    """Return what is answered to a ticket that is not known, or not any more."""
    return {DEFERRED_ENVELOPE_KEY: True, "status": STATUS_NOT_FOUND, "ticket": ticket}


def is_deferred_envelope(answer: Any) -> bool:
    """Is this no result, but something about one?"""
    return isinstance(answer, Mapping) and answer.get(DEFERRED_ENVELOPE_KEY) is True


def is_pending(answer: Any) -> bool:
    """Is the result still being made?"""
    return is_deferred_envelope(answer) and answer.get("status") == STATUS_PENDING


def is_poll_request(body: Any) -> bool:
    """Does a request ask for the result of an earlier one?"""
    return isinstance(body, Mapping) and POLL_REQUEST_KEY in body


def extract_ticket(message: Any) -> str | None:
    """Return the ticket of a request that asks for a result, or of an answer about one; else None."""
    if is_poll_request(message):
        return str(message[POLL_REQUEST_KEY])
    return str(message["ticket"]) if is_deferred_envelope(message) and "ticket" in message else None


@dataclass(slots=True)
class _Entry:
    task: asyncio.Task[Any]
    kept_since_s: float


@dataclass
class TicketStore:
    """Results that are being made, or wait to be asked for. For one event loop."""

    limit: int = TICKETS_AT_MOST
    lifetime_s: float = TICKET_LIFETIME_S
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    async def run(self, work: Coroutine[Any, Any, Any], deadline_s: float) -> Any:
        """Return the result of `work` if it comes in time; else go on with it, and return its ticket.

        Raises:
            RuntimeError: As many results are waited for as are kept. `work` is not begun.
        """
        self._drop_old()
        if len(self._entries) >= self.limit:
            work.close()
            raise RuntimeError(f"{self.limit} results are being made already; ask again later")
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=deadline_s)
            if task.done() or len(self._entries) >= self.limit:  # others came first: no ticket, but a wait
                return await task
        except asyncio.CancelledError:  # nobody has a ticket for it
            task.cancel()
            raise
        ticket = f"t{next(self._numbers)}-{time.time_ns() // 1_000_000}"
        self._entries[ticket] = _Entry(task, time.monotonic())
        return pending_envelope(ticket)

    async def take(self, ticket: str, deadline_s: float) -> Any:
        """Return the result of a ticket, or how it stands; a result, or a failure, is handed out once."""
        self._drop_old()
        if (entry := self._entries.get(ticket)) is None:
            return not_found_envelope(ticket)
        await asyncio.wait({entry.task}, timeout=deadline_s)
        if not entry.task.done():
            return pending_envelope(ticket)
        if self._entries.pop(ticket, None) is None:  # somebody else got it while this one waited
            return not_found_envelope(ticket)
        if entry.task.cancelled():
            return failed_envelope(ticket, "it was cancelled")
        if (error := entry.task.exception()) is not None:
            return failed_envelope(ticket, f"{type(error).__name__}: {error}")
        return entry.task.result()

    def _drop_old(self) -> None:
        now = time.monotonic()
        old = [name for name, entry in self._entries.items() if now - entry.kept_since_s > self.lifetime_s]
        for ticket in old:
            self._entries.pop(ticket).task.cancel()
