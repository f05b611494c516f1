"""`BaseTrainParams`: what the platform fills in for a training. Deriving from it is optional.

Source: interface sheet `actions.md` §2.1.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class BaseTrainParams(BaseModel):
    """Params of a training as the platform sends them: the form's values are in `hyperparameters`."""

    model_config = ConfigDict(extra="allow")

    #: Id of the dataset, on a platform of its version.
    dataset: int
    #: By split: the filter that chooses its items.
    splits: dict[str, Any] | None = None
    #: Id of the model to begin with.
    checkpoint: int | None = None
    #: True where `hyperparameters` are ranges to search, not values.
    is_tune: bool = False
    hyperparameters: list[dict[str, Any]] | None = None

    @model_validator(mode="before")
    @classmethod
    def _spread_hyperparameters(cls, values: Any) -> Any:
        """Make params of their own of the first hyperparameters; what is given beside them wins."""
        if not isinstance(values, dict):
            return values
        given = values.get("hyperparameters")
        items = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
        if values.get("is_tune"):
            return {**_find_stand_ins(cls, items), **values}
        return {**items[0], **values} if items else values


def _find_stand_ins(model: type[BaseModel], items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a value of its range for each required param that is searched.

    A search has no value for it yet, and the model asks for one. No training gets it: each has its own draw.
    """
    found = {}
    for item in items:
        name, options = item.get("name"), item.get("options")
        field = model.model_fields.get(name) if isinstance(name, str) else None
        if field is not None and field.is_required():
            value = options[0] if isinstance(options, list) and options else item.get("min", item.get("mean"))
            if value is not None:
                found[field.alias or str(name)] = value
    return found
