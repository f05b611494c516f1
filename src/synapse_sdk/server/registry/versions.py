"""The order of semantic versions."""

from __future__ import annotations

#: Compares as the versions do.
VersionKey = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...], str]


def version_key(version: str) -> VersionKey:
    """Return what to sort a version by.

    A version before its release (`1.0.0-rc.1`) comes before it; its parts compare as numbers where they are
    numbers. Two that differ only in their build (`+…`) have no order by the standard; here by its text.

    Source: semver.org 2.0.0, §11.
    """
    rest, _, build = version.partition("+")
    core, _, pre = rest.partition("-")
    numbers = tuple(int(number) for number in core.split("."))
    labels = tuple(
        (not label.isdigit(), int(label) if label.isdigit() else 0, label)
        for label in (pre.split(".") if pre else ())
    )
    return numbers, not pre, labels, build
