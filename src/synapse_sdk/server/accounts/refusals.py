"""The record of what was refused, bounded: a flood of refusals must not fill the disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from synapse_sdk.server.accounts import store
from synapse_sdk.server.db import Database

#: Equal refusals within it are one entry with a count.
WINDOW = timedelta(minutes=1)
#: Entries that one source, such as everybody without a token, can cause within a window. What goes beyond is
#: counted in one more.
ENTRIES_PER_WINDOW = 20
_COUNT_EVERY = timedelta(seconds=1)
_TEXT_LIMIT = 500
_OTHERS = ("(several)", "Refusals beyond the first of this minute are only counted.")


class _Key(NamedTuple):
    workspace_id: int | None
    who: str
    what: str
    detail: str


@dataclass(slots=True)
class _Entry:
    id: int
    count: int
    written_at: datetime


class RefusalLog:
    """Writes refusals as audit entries: the first of its kind at once, how many more every second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._begun_at: datetime | None = None
        self._entries: dict[_Key, _Entry] = {}

    def record(self, who: str, what: str, detail: str, *, workspace_id: int | None, now: datetime) -> None:
        """Keep that something was refused."""
        key = _Key(workspace_id, who, what[:_TEXT_LIMIT], detail[:_TEXT_LIMIT])
        with self._lock:
            if self._begun_at is None or not timedelta() <= now - self._begun_at < WINDOW:
                self._write_counts(now)
                self._entries, self._begun_at = {}, now
            if key not in self._entries and self._count_entries(key) >= ENTRIES_PER_WINDOW:
                key = _Key(workspace_id, who, *_OTHERS)
            entry = self._entries.get(key)
            if entry is None:
                self._entries[key] = _Entry(self._insert(key, now), 1, now)
                return
            entry.count += 1
            if now - entry.written_at >= _COUNT_EVERY:
                self._write_counts(now)

    def flush(self, now: datetime) -> None:
        """Write what was only counted so far."""
        with self._lock:
            self._write_counts(now)

    def _count_entries(self, key: _Key) -> int:
        return sum(known[:2] == key[:2] for known in self._entries)

    def _insert(self, key: _Key, now: datetime) -> int:
        facts = {**key._asdict(), "at": now, "outcome": "refused"}
        with self._database.write() as connection:
            return store.add_audit_entry(connection, facts)

    def _write_counts(self, now: datetime) -> None:
        repeated = {
            entry.id: f"{key.detail} ({entry.count} times within a minute)"
            for key, entry in self._entries.items()
            if entry.count > 1
        }
        if not repeated:
            return
        with self._database.write() as connection:
            for entry_id, detail in repeated.items():
                store.describe_audit_entry(connection, entry_id, detail)
        for entry in self._entries.values():
            entry.written_at = now
