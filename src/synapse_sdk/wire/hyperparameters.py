"""Params of a training as a platform sends them: what the form says is in `hyperparameters`.

A model says in its JSON Schema that it takes them so; whoever checks params without it does as it does.
Source: interface sheet `actions.md` §2.1 and §2.4.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

#: In a params schema: the model takes params out of its `hyperparameters`.
SPREADS_KEY = "x-spreads-hyperparameters"


def spread_hyperparameters(values: Mapping[str, Any], required: Collection[str]) -> dict[str, Any]:
    """Make params of their own of the first of `hyperparameters`; what is given beside them wins.

    Where they are ranges to search, a value of its range stands in for each required param: a search has none
    for it yet, and the model asks for one. No training gets it, since each has its own draw.

    Args:
        values: The params as given.
        required: Names of those that the model asks for.
    """
    given = values.get("hyperparameters")
    items = [item for item in given if isinstance(item, Mapping)] if isinstance(given, list) else []
    if not values.get("is_tune"):
        return {**items[0], **values} if items else dict(values)
    # A name that is no text is refused with its place where the space is read.
    found = {name: item for item in items if isinstance(name := item.get("name"), str)}
    stand_ins = {name: _pick(found[name]) for name in required if name in found}
    return {**stand_ins, **values}


def _pick(item: Mapping[str, Any]) -> Any:
    options = item.get("options")
    if isinstance(options, list) and options:
        return options[0]
    # What is normally distributed lies around 0 unless it says around what.
    return item.get("min", item.get("mean", 0.0))
