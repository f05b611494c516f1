"""Values against a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pydantic

from synapse_sdk.plugins.errors import ValidationError

__all__ = ["validate_params"]

T = TypeVar("T", bound=pydantic.BaseModel)


def validate_params(
    model_cls: type[T],
    data: Mapping[str, Any],
    *,
    context: str = "",
    validation_context: dict[str, Any] | None = None,
) -> T:
    """Return `data` as an instance of a model.

    Args:
        model_cls: The model.
        data: The values.
        context: What they are for, for the message.
        validation_context: Handed to the model's validators.

    Raises:
        ValidationError: They do not fit; the message has every field with its problem, pydantic's error is
            the cause.
    """
    try:
        return model_cls.model_validate(data, context=validation_context)
    except pydantic.ValidationError as error:
        problems = [
            {"field": ".".join(map(str, item["loc"])) or "data", "problem": item["msg"]}
            for item in error.errors(include_url=False, include_input=False)
        ]
        told = "; ".join(f"{item['field']}: {item['problem']}" for item in problems)
        raise ValidationError(
            f"{context or model_cls.__name__}: the values do not fit: {told}.", {"problems": problems}
        ) from error
