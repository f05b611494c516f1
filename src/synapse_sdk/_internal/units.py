"""Numbers with units, the way people read them."""

from __future__ import annotations

from datetime import datetime


def format_size(size_bytes: int) -> str:
    """Write a size with a decimal unit and sensible digits: `0 bytes`, `912 bytes`, `48.1 kB`, `6.2 MB`."""
    if size_bytes < 1000:
        return "1 byte" if size_bytes == 1 else f"{size_bytes} bytes"
    amount, units = size_bytes / 1000, iter(("kB", "MB", "GB", "TB"))
    unit = next(units)
    # 999.95 would be written as 1000.0: the next unit says it shorter.
    while amount >= 999.95 and (larger := next(units, None)):
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}"


def count_of(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: `1 file`, `1,797 files`. `many` where an s does not do."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def format_duration(seconds: float) -> str:
    """Write a duration with the digits a glance needs: `0.4 s`, `41 s`, `12 min`, `3 h 20 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def format_moment(moment: datetime) -> str:
    """Write an aware moment in this machine's time zone, to the second: `2026-12-01 09:30:00`."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
