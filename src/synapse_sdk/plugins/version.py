"""Versions and ranges of them, as PEP 440 has both."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

__all__ = ["VersionResolver"]


class VersionResolver:
    """Questions about versions. A pre-release is in a range only if the range names one, as for pip."""

    @staticmethod
    def parse(version: str) -> Version:
        """Return a version that can be compared.

        Raises:
            ValueError: It is none; packaging's `InvalidVersion`.
        """
        return Version(version)

    @staticmethod
    def matches(version: str, specifier: str) -> bool:
        """Is a version in a range, such as `>=1.2,<2`? The empty range holds all but pre-releases.

        Raises:
            ValueError: The version, or the range, is none.
        """
        known = SpecifierSet(specifier)
        # Said, because releases of packaging differ in what they make of a lone pre-release.
        return known.contains(Version(version), prereleases=bool(known.prereleases))

    @staticmethod
    def find_best(versions: Iterable[str], specifier: str) -> str | None:
        """Return the newest version that is in a range, as it was written; None when none is.

        What is no version is in no range: tags are given all kinds of names.

        Raises:
            ValueError: The range is none.
        """
        known = [version for version in versions if VersionResolver.is_valid(version)]
        found = [version for version in known if VersionResolver.matches(version, specifier)]
        return max(found, key=Version, default=None)

    @staticmethod
    def sort(versions: Iterable[str], *, reverse: bool = True) -> list[str]:
        """Return versions as they were written, the newest first unless `reverse` is off.

        Raises:
            ValueError: One of them is none.
        """
        return sorted(versions, key=Version, reverse=reverse)

    @staticmethod
    def is_valid(version: str) -> bool:
        """Is this a version?"""
        try:
            Version(version)
        except InvalidVersion:
            return False
        return True

    @staticmethod
    def is_valid_specifier(specifier: str) -> bool:
        """Is this a range of versions?"""
        try:
            SpecifierSet(specifier)
        except InvalidSpecifier:
            return False
        return True
