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
        if not isinstance(values, dict) or values.get("is_tune"):
            return values
        given = values.get("hyperparameters")
        first = given[0] if isinstance(given, list) and given else None
        return {**first, **values} if isinstance(first, dict) else values
