"""Which plugin a name means, wherever it is: in a folder, a module, on the server, among what is installed.

Looked for in this order: the current folder and those below it, a module of it, the registry of the server
that this machine is logged in to, an installed module.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from synapse_sdk._internal.errors import NotAdmittedError, NotReachableError, SynapseError
from synapse_sdk.plugins.discovery import PluginDiscovery, load_plugin_module, resolve_plugin
from synapse_sdk.plugins.errors import PluginNotFoundError, PluginRunError

if TYPE_CHECKING:
    from synapse_sdk.clients.releases import FetchedRelease, OnProgress

#: What installers write below; the second is Debian's.
_PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin, and where it is from."""

    plugin: PluginDiscovery
    #: None for one that is no release: a folder, or a module.
    release: FetchedRelease | None = None
    #: Where its runs are recorded.
    records_folder: Path | None = None


def find_anywhere(
    name: str | Path | ModuleType,
    *,
    start: Path | None = None,
    on_progress: OnProgress | None = None,
    on_release: Callable[[FetchedRelease], None] | None = None,
) -> FoundPlugin:
    """Find a plugin by its folder, its code, `code@version`, or a module that defines its actions.

    Args:
        name: What is looked for.
        start: Where it is looked for, and where the runs of what lies elsewhere are recorded; the current
            folder unless given.
        on_progress: Called while a release comes.
        on_release: Called with the release, where it is one.

    Raises:
        ConfigError: The config there does not fit.
        PluginNotFoundError: It is nowhere; the message names each place.
        PluginRunError: More than one folder has that code.
        ClientError: The server refuses, or breaks off.
    """
    start = (start or Path.cwd()).absolute()
    try:
        plugin = resolve_plugin(name, start=start)
    except PluginNotFoundError as error:
        return _find_elsewhere(str(name), start, error, on_progress, on_release)
    # What is installed is nobody's to write to.
    return FoundPlugin(plugin, records_folder=start if _is_installed(plugin.folder) else None)


def _find_elsewhere(
    name: str,
    start: Path,
    missing: PluginNotFoundError,
    on_progress: OnProgress | None,
    on_release: Callable[[FetchedRelease], None] | None,
) -> FoundPlugin:
    why_not = "and a module has no release"
    if "." not in name.partition("@")[0]:
        release, why_not = _fetch(name, missing, on_progress)
        if release is not None:
            if on_release is not None:
                on_release(release)
            return FoundPlugin(PluginDiscovery.from_path(release.folder), release, start)
    if _names_installed_module(name):
        plugin = PluginDiscovery.from_module(load_plugin_module(start, name))
        return FoundPlugin(plugin, records_folder=start)
    raise PluginNotFoundError(
        f"{missing.message.removesuffix('.')}; {why_not}.",
        {**missing.details, "registry": why_not},
        hint=missing.hint,
    )


def _fetch(
    name: str, missing: PluginNotFoundError, on_progress: OnProgress | None
) -> tuple[FetchedRelease | None, str]:
    """Return the release of that name, or None and why there is none.

    Raises:
        NotReachableError, NotAdmittedError: Whether there is one, the server did not say.
        PluginRunError: There is, and it could not be fetched.
    """
    from synapse_sdk.clients.errors import NotFoundError
    from synapse_sdk.clients.login import NotLoggedInError, open_transport
    from synapse_sdk.clients.releases import fetch_release, find_release
    from synapse_sdk.settings import load_settings

    try:
        transport = open_transport()
    except NotLoggedInError:
        return None, "and you are logged in to no server that might have it (synapse login)"
    try:
        document = find_release(transport, name)
        return fetch_release(transport, document, load_settings().cache_dir, on_progress=on_progress), ""
    except NotFoundError as error:
        return None, f"and on {transport.url}: {error.message.rstrip('.')}"
    except (NotReachableError, NotAdmittedError) as error:
        kind = NotReachableError if isinstance(error, NotReachableError) else NotAdmittedError
        said = f"{missing.message.removesuffix('.')}; and {error.message}"
        raise kind(said, {**error.details, **missing.details}, hint=error.hint) from error
    except SynapseError as error:
        raise PluginRunError(
            f"{name} could not be fetched from {transport.url}: {error.message}",
            error.details,
            hint=error.hint,
        ) from error
    except OSError as error:
        raise PluginRunError(
            f"{name} could not be kept in {load_settings().cache_dir}: {error.strerror or error}.",
            {"path": str(load_settings().cache_dir)},
            hint="Make room there, or say with SYNAPSE_HOME where there is some.",
        ) from error
    finally:
        transport.close()


def _names_installed_module(name: str) -> bool:
    if not all(part.isidentifier() for part in name.split(".")):
        return False
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _is_installed(folder: Path) -> bool:
    return not _PACKAGE_FOLDERS.isdisjoint(folder.parts)
