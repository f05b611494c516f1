"""`package_manager_options` → what of them decides which packages are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.plugins.errors import ValidationError

#: Options with a value that say where packages are, as a requirements file spells them. They may hold a
#: password, so they go to the resolver in a file and never in its arguments.
_PLACES = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--default-index": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "--index": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
}
#: Options with a value for the resolver itself.
_ARGUMENTS = {
    "--index-strategy": "--index-strategy",
    "--resolution": "--resolution",
    "--prerelease": "--prerelease",
    "--exclude-newer": "--exclude-newer",
    "--trusted-host": "--allow-insecure-host",
    "--allow-insecure-host": "--allow-insecure-host",
}
#: Options about how something is installed, not what. The value says whether one follows.
_OF_INSTALLING = {
    **dict.fromkeys(
        (
            *("-U", "--upgrade", "-q", "--quiet", "-v", "--verbose", "--no-cache", "--no-cache-dir"),
            *("--prefer-binary", "--force-reinstall", "--reinstall", "--compile", "--compile-bytecode"),
            *("--no-compile", "--no-input", "--no-progress", "--no-warn-script-location"),
            *("--no-warn-conflicts", "--disable-pip-version-check", "--ignore-installed", "-I"),
        ),
        False,
    ),
    **dict.fromkeys(("--timeout", "--retries", "--progress-bar", "--cache-dir", "--link-mode"), True),
}


class LockOptions(NamedTuple):
    """What a resolver is told."""

    arguments: tuple[str, ...]
    #: Lines of a requirements file.
    lines: tuple[str, ...]


def parse_options(options: Sequence[str], folder: Path) -> LockOptions:
    """Sort options of pip or uv by what they mean for a lock.

    Args:
        options: As config.yaml has them: a value is its own item, or behind `=`.
        folder: The plugin's; what relative places start from.

    Raises:
        ValidationError: An option is unknown, or lacks its value.
    """
    arguments: list[str] = []
    lines: list[str] = []
    for option, value in _iter_pairs(options):
        if option == "--no-index":
            lines.append(option)
        elif option == "--pre":
            arguments += ("--prerelease", "allow")
        elif option in _PLACES:
            is_folder = _PLACES[option] == "--find-links" and "://" not in value
            lines.append(f"{_PLACES[option]} {folder.resolve() / value if is_folder else value}")
        elif option in _ARGUMENTS:
            arguments += (_ARGUMENTS[option], value)
    return LockOptions(tuple(arguments), tuple(lines))


def _iter_pairs(options: Sequence[str]) -> Iterator[tuple[str, str]]:
    # One item may hold an option and its value, as a line of a requirements file does.
    words = iter([word for item in options for word in item.split(maxsplit=1)])
    for word in words:
        option, has_value, value = word.partition("=")
        if not _takes_value(option):
            yield option, ""
            continue
        value = value if has_value else next(words, "")
        if not value:
            raise ValidationError(f"package_manager_options: {option} needs a value.", {"option": option})
        yield option, value


def _takes_value(option: str) -> bool:
    if option in ("--no-index", "--pre"):
        return False
    if option in _PLACES or option in _ARGUMENTS:
        return True
    if option in _OF_INSTALLING:
        return _OF_INSTALLING[option]
    known = (*_PLACES, *_ARGUMENTS, *_OF_INSTALLING, "--no-index", "--pre")
    close = find_closest(option, known)
    raise ValidationError(
        f"package_manager_options: {option} can not be carried over into a lock.",
        {"option": option, "known": sorted(known)},
        hint=f"Did you mean {close}?"
        if close
        else "Take it out; the environment is made from the lock alone.",
    )
