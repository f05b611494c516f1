"""Which of a plugin's local wheels a lock takes for its target."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from synapse_sdk.plugins.errors import BuildError

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version


def list_wheels(folder: Path, wheels_dir: str) -> list[str]:
    """Return the paths, from the plugin's folder on, of its local wheels."""
    return sorted(path.relative_to(folder).as_posix() for path in (folder / wheels_dir).glob("*.whl"))


def choose_wheels(paths: Iterable[str], python_version: str, platform: str | None) -> dict[str, str]:
    """Return, by name of the distribution, the path of its newest wheel that fits.

    Args:
        paths: Paths of wheels whose names are known to be wheels' names.
        python_version: Such as "3.11".
        platform: Such as "linux-x86_64"; this machine's unless given.

    Raises:
        BuildError: There are wheels of a distribution, and none fits.
    """
    from packaging.utils import parse_wheel_filename

    chosen: dict[str, tuple[Version, str]] = {}
    unfit: dict[str, str] = {}
    for path in sorted(paths):
        parsed, version, _, tags = parse_wheel_filename(PurePosixPath(path).name)
        name = str(parsed)
        if _fits(tags, python_version, platform):
            chosen[name] = max(chosen.get(name, (version, path)), (version, path))
        else:
            unfit[name] = path
    for name in unfit.keys() - chosen.keys():
        raise BuildError(
            f"{unfit[name]} does not fit Python {python_version} on {platform or 'this machine'}, and there "
            f"is no other wheel of {name}.",
            {"wheel": unfit[name], "python_version": python_version, "platform": platform},
            hint="Add a wheel for that target.",
        )
    return {name: path for name, (_, path) in sorted(chosen.items())}


def _fits(tags: Iterable[Tag], python_version: str, platform: str | None) -> bool:
    from packaging.tags import compatible_tags, cpython_tags

    tags = set(tags)
    platforms = sorted({tag.platform for tag in tags if _is_of_platform(tag.platform, platform)})
    major, minor = (int(part) for part in python_version.split(".")[:2])
    supported = {*cpython_tags((major, minor), platforms=platforms)}
    supported |= {*compatible_tags((major, minor), f"cp{major}{minor}", platforms)}
    return not tags.isdisjoint(supported)


def _is_of_platform(tag: str, platform: str | None) -> bool:
    if tag == "any":
        return True
    if platform is None:
        from packaging.tags import platform_tags

        return tag in set(platform_tags())
    system, _, machine = platform.partition("-")
    system = {"linux": "linux", "macosx": "macosx", "win": "win"}.get(system, system)
    return system in tag and (machine in tag or "universal2" in tag)
