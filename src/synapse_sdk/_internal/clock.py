"""What time it is, the way wire and storage write it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return this moment: aware, in UTC, microseconds."""
    return datetime.now(UTC)


def iso_z(moment: datetime) -> str:
    """Write an aware moment as ISO 8601 in UTC with microseconds, ending in `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
