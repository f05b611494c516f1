"""Wakes requests that wait for something to happen, without asking the database again and again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Waiter:
    """One request's ear for one topic. What happened before `wait` is not missed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Wake it; called from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:  # its loop has ended, and with it whoever waited
            return

    async def wait(self, timeout_s: float) -> bool:
        """Wait until the topic is notified; False after the time is up."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Notifier:
    """Topics, and who waits for them. Within this process only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, set[Waiter]] = {}
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Has the server been told to end? Then nobody should wait any more."""
        return self._is_closed

    def notify(self, topic: str) -> None:
        """Wake all who wait for a topic; called from any thread."""
        with self._lock:
            waiters = list(self._waiters.get(topic, ()))
        for waiter in waiters:
            waiter.wake()

    def close(self) -> None:
        """Wake everybody for the last time; called from any thread."""
        self._is_closed = True
        with self._lock:
            waiters = [waiter for group in self._waiters.values() for waiter in group]
        for waiter in waiters:
            waiter.wake()

    @contextmanager
    def listen(self, topic: str) -> Iterator[Waiter]:
        """Hear of a topic from here on; within a coroutine."""
        waiter = Waiter()
        with self._lock:
            self._waiters.setdefault(topic, set()).add(waiter)
        try:
            yield waiter
        finally:
            with self._lock:
                group = self._waiters[topic]
                group.discard(waiter)
                if not group:
                    del self._waiters[topic]


def claims_topic(workspace_id: int) -> str:
    """Return the topic of jobs that wait for an agent."""
    return f"claims/{workspace_id}"


def events_topic(job_key: int) -> str:
    """Return the topic of a job's events."""
    return f"events/{job_key}"


def logs_topic(job_key: int) -> str:
    """Return the topic of a job's logs, and of its end."""
    return f"logs/{job_key}"
