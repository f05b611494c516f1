"""From the params of a search to those of one of its trials, checked by the action's own model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pydantic
from pydantic import AliasChoices, BaseModel

from synapse_sdk.plugins.actions.train.tune.refusal import Problem, read_problems, refuse
from synapse_sdk.plugins.actions.train.tune.trial import Trial, tell_draw

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.train.action import BaseTrainAction

#: Params that are about the search.
_OF_THE_SEARCH = ("is_tune", "hyperparameters", "tune_config")


def build_params(action: BaseTrainAction[Any], trial: Trial) -> Any:
    """Return the params of a trial: those of the search, with its draw over them.

    Raises:
        ParamsError: The search varies what is no param of the action, or the model refuses the draw.
    """
    drawn = trial.hyperparameters
    model: type[BaseModel] | None = getattr(type(action), "params_model", None)
    if model is None:
        return {**action.params, **_as_one_training(drawn), **drawn}
    unknown = [name for name in drawn if name not in model.model_fields]
    if unknown and model.model_config.get("extra") != "allow":
        known = [name for name in model.model_fields if name not in _OF_THE_SEARCH]
        raise refuse(
            "The search space does not fit:",
            [Problem(("hyperparameters",), f"{name} is no param of this action") for name in unknown],
            hint=f"It takes: {', '.join(known) or 'no params'}.",
        )
    try:
        return model.model_validate(
            _lay_over(model, action.params, drawn), context={"client": action.ctx.client}
        )
    except pydantic.ValidationError as error:
        raise refuse(
            f"Nothing was trained: {trial.trial_id}, which drew {tell_draw(drawn)}, does not fit:",
            read_problems(error, ()) or [Problem(("params",), str(error))],
            hint="Change the range in hyperparameters, or the bound in the params model.",
        ) from error


def _as_one_training(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Return what params say of a single training with these hyperparameters."""
    return {"is_tune": False, "hyperparameters": [dict(drawn)], "tune_config": None}


def _lay_over(model: type[BaseModel], params: BaseModel, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `model` validates for a trial. What was not given stays so: defaults are the model's."""
    given = {name: getattr(params, name) for name in params.model_fields_set}
    one = {name: value for name, value in _as_one_training(drawn).items() if name in given}
    return {_find_key(model, name): value for name, value in {**given, **one, **drawn}.items()}


def _find_key(model: type[BaseModel], name: str) -> str:
    """Return how a field is written in what the model validates."""
    field = model.model_fields.get(name)
    config = model.model_config
    if field is None or config.get("populate_by_name") or config.get("validate_by_name"):
        return name
    alias = field.validation_alias or field.alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
    return alias if isinstance(alias, str) else name
