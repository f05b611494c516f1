"""Log entries of the vendor's clients, as events. Source: interface sheet `platform.md` §4.3, payloads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from synapse_sdk.wire.event import Event

_LEVELS = ("debug", "info", "success", "warning", "danger", "error", "critical")


def build_event(entry: Mapping[str, Any], *, job: str, attempt: int, seq: int, now: datetime) -> Event:
    """Return the event that an entry tells of: a message, a metric, or an event of the author's own name."""
    name = str(entry.get("event") or "log")
    data = entry.get("data")
    facts: dict[str, Any] = {
        "job": job,
        "attempt": attempt,
        "producer": "vendor",
        "seq": seq,
        "at": _moment(entry.get("datetime")) or now,
        "level": entry.get("level") if entry.get("level") in _LEVELS else None,
        "step": str(entry["step"]) if entry.get("step") else None,
    }
    body = dict(data) if isinstance(data, Mapping) else {"content": data}
    if (file := entry.get("file")) is not None:
        body["file"] = {"size_bytes": len(str(file)), "note": "files of log entries are not kept"}
    if name == "message":
        return Event(**facts, kind="message", body=body)
    if name == "metric" and (values := _numbers(body)):
        facts["step"] = facts["step"] or (str(body["category"]) if body.get("category") else None)
        return Event(**facts, kind="metric", values=values, ordinals=dict.fromkeys(values, seq), body=body)
    return Event(**facts, kind="log", name=name, body=body)


def _numbers(body: Mapping[str, Any]) -> dict[str, float]:
    given = body.get("metrics")
    pairs = dict(given) if isinstance(given, Mapping) else {}
    if body.get("key") is not None:
        pairs[str(body["key"])] = body.get("value")
    return {
        str(key): float(value)
        for key, value in pairs.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None  # the server's clock says it then
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
