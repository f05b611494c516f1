"""Times, durations and numbers as pages show them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from synapse_sdk.console.texts import Texts

#: Stands where there is nothing to say.
NOTHING = "\u2013"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: Older than this, a date says more than a count of days.
_RELATIVE_DAYS = 14


def as_moment(value: datetime | str) -> datetime:
    """Return an aware moment from a moment or its ISO text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def describe_moment(value: datetime | str, t: Texts, *, now: datetime) -> str:
    """Say how long ago (or how soon) a moment is, in words."""
    moment = as_moment(value)
    age_s = (now - moment).total_seconds()
    if age_s < 0:
        return t("time.in", span=describe_span(-age_s, t)) if -age_s >= 1 else t("time.now")
    if age_s < 1:
        return t("time.now")
    if age_s > _RELATIVE_DAYS * _DAY:
        return moment.astimezone(UTC).strftime("%Y-%m-%d")
    return t("time.ago", span=describe_span(age_s, t))


def describe_span(seconds: float, t: Texts) -> str:
    """Write a whole span with its largest fitting unit."""
    if seconds < _MINUTE:
        return t("time.seconds", count=int(seconds))
    if seconds < _HOUR:
        return t("time.minutes", count=int(seconds // _MINUTE))
    if seconds < _DAY:
        return t("time.hours", count=int(seconds // _HOUR))
    return t("time.days", count=int(seconds // _DAY))


def describe_duration(seconds: float | None, t: Texts) -> str:
    """Write how long something took, with the digits that a glance needs; a dash for nothing."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 9.95:
        return t("time.short", seconds=f"{max(seconds, 0):.1f}")
    if seconds < _MINUTE * 2:
        return t("time.short", seconds=f"{seconds:.0f}")
    if seconds < _HOUR * 2:
        return t("time.minutes_seconds", minutes=int(seconds // _MINUTE), seconds=int(seconds % _MINUTE))
    return t("time.hours_minutes", hours=int(seconds // _HOUR), minutes=int(seconds % _HOUR // _MINUTE))


def format_utc(value: datetime | str) -> str:
    """Write a moment in full, for tooltips."""
    return as_moment(value).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def format_instant(value: datetime | str) -> str:
    """Write a moment to the millisecond, UTC: for lists of what follows quickly on each other."""
    return as_moment(value).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def format_number(value: object) -> str:
    """Write a metric: six significant digits, integers whole."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
