"""`BaseTrainParams`: what the platform fills in for a training. Deriving from it is optional.

Source: interface sheet `actions.md` §2.1.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from synapse_sdk.wire.hyperparameters import SPREADS_KEY, spread_hyperparameters


class BaseTrainParams(BaseModel):
    """Params of a training as the platform sends them: the form's values are in `hyperparameters`."""

    model_config = ConfigDict(extra="allow", json_schema_extra={SPREADS_KEY: True})

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
        if not isinstance(values, dict):
            return values
        required = [field.alias or name for name, field in cls.model_fields.items() if field.is_required()]
        return spread_hyperparameters(values, required)
