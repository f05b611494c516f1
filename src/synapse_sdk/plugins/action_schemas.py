"""A plugin's actions → JSON schemas of their params and results, and the forms of their params.

First from the source, where the models are literal; the rest from one import in another process.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from synapse_sdk.plugins.imported_schemas import TIMEOUT_S, describe_models, import_schemas
from synapse_sdk.plugins.schema_cache import SchemaCache


class ActionSchemas(NamedTuple):
    """What could be learnt."""

    #: By action, every one that was asked for: `{"params": JSON Schema | None, "result": JSON Schema | None,
    #: "ui_schema": form | None}`.
    schemas: dict[str, Any]
    #: By action: why its code can not be imported here.
    problems: dict[str, str]

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each action whose schemas could not be had, or one for all when all are alike."""
        reasons = set(self.problems.values())
        if len(reasons) == 1 and self.problems.keys() == self.schemas.keys() and len(self.problems) > 1:
            return (f"no forms for this plugin's params: {reasons.pop()}",)
        return tuple(
            f"actions.{name}: no form for its params, because its code can not be imported here: {reason}"
            for name, reason in self.problems.items()
        )


def make_schemas(
    folder: Path,
    entrypoints: Mapping[str, str],
    *,
    cache_folder: Path | None = None,
    timeout_s: float = TIMEOUT_S,
) -> ActionSchemas:
    """Return the schemas of actions of the plugin in `folder`. None of its code runs in this process.

    Args:
        folder: The plugin's.
        entrypoints: By action.
        cache_folder: Where schemas are looked for first, and kept; None works them out.
        timeout_s: Seconds until an import is given up.

    Code that can not be imported on this machine, for want of a package, say, stops nothing: its schemas are
    None, and there is a problem.
    """
    cache = None if cache_folder is None else SchemaCache(cache_folder, folder)
    found = {} if cache is None else _read_cache(cache, entrypoints)
    missing = {name: entrypoint for name, entrypoint in entrypoints.items() if name not in found}
    problems: dict[str, str] = {}
    if missing:
        literal = _read_source(folder, missing)
        rest = {name: entrypoint for name, entrypoint in missing.items() if name not in literal}
        imported, problems, stamps = (
            import_schemas(folder, rest, timeout_s=timeout_s) if rest else ({}, {}, {})
        )
        found |= {**literal, **imported}
        if cache is not None:
            cache.put(entrypoints, literal, {})
            cache.put(entrypoints, imported, stamps)
            cache.save()
    empty = {"params": None, "result": None, "ui_schema": None}
    return ActionSchemas({name: found.get(name, empty) for name in entrypoints}, problems)


def _read_cache(cache: SchemaCache, wanted: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: cache.get(name, entrypoint) for name, entrypoint in wanted.items()}
    return {name: schemas for name, schemas in kept.items() if schemas is not None}


def _read_source(folder: Path, entrypoints: Mapping[str, str]) -> dict[str, Any]:
    """Return the schemas of those actions whose source tells them."""
    # Imported late: what is in the cache needs neither pydantic nor a parser.
    from synapse_sdk.plugins.literal_models import LiteralModels
    from synapse_sdk.plugins.literal_values import NotLiteralError
    from synapse_sdk.plugins.source import PluginSource

    models = LiteralModels(PluginSource(folder))
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydantic, for the author; whoever imports the module sees them
        for name, entrypoint in entrypoints.items():
            try:
                found[name] = describe_models(*models.find(entrypoint))
            except NotLiteralError:
                continue  # has to be imported
            except Exception:  # noqa: BLE001, S112 - no schema for this model: the import says it in its own words
                continue
    return found
