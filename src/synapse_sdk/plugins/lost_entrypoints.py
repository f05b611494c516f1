"""Entrypoints that the code does not have any more, and the classes that were probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from synapse_sdk._internal.closest import find_closest
from synapse_sdk.plugins.importing import split_entrypoint
from synapse_sdk.plugins.source import PluginSource, SourceAction


def iter_unnamed(source: PluginSource, entrypoints: Iterable[str]) -> Iterable[SourceAction]:
    """Yield the actions of the code that none of a config's entrypoints names."""
    known = {split_entrypoint(entrypoint) for entrypoint in entrypoints}
    packages = sorted({module.partition(".")[0] for module, _ in known} | {"plugin"})
    return (
        action for action in source.iter_actions(packages) if (action.module, action.class_name) not in known
    )


def suggest_entrypoint(source: PluginSource, name: str, entrypoints: Mapping[str, str]) -> str | None:
    """Return the entrypoint that was probably meant by one that the code does not have.

    That is an action's that the config does not name: the one that calls itself as the config's entry is
    called, else one in the same module, else one with such a name, else the only one. One that calls
    itself as another entry is called is not meant.

    Args:
        source: The plugin's code.
        name: Name of the config's entry.
        entrypoints: Entrypoint of each entry, by its name.

    Raises:
        ValidationError: A file that must be read is not Python.
    """
    found = {
        action.entrypoint: action
        for action in iter_unnamed(source, entrypoints.values())
        if action.default_name == name or action.default_name not in entrypoints
    }
    module, class_name = split_entrypoint(entrypoints[name])
    for action in found.values():
        if action.default_name == name:
            return action.entrypoint
    in_module = [entrypoint for entrypoint, action in found.items() if action.module == module]
    for candidates in (in_module, list(found)):
        if len(candidates) == 1:
            return candidates[0]
        by_class = {found[entrypoint].class_name: entrypoint for entrypoint in candidates}
        if (close := find_closest(class_name, by_class)) is not None:
            return by_class[close]
    return None
