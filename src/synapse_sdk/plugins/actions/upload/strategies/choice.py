"""Whose strategy decides: the plugin's, or the SDK's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synapse_sdk.plugins.actions.upload.context import UploadContext
from synapse_sdk.plugins.actions.upload.exceptions import UploadError
from synapse_sdk.plugins.actions.upload.strategies.base import STRATEGY_KINDS, ValidationResult


def choose_strategy(context: UploadContext, kind: str, default: Callable[..., Any]) -> Any:
    """Return the plugin's strategy for a decision; what `default` makes without one.

    Raises:
        UploadError: `context.strategies` has a name that is no decision, or one that is not of its class.
    """
    if unknown := sorted(context.strategies.keys() - STRATEGY_KINDS.keys()):
        raise UploadError(
            f"An upload has no strategy {', '.join(unknown)}.",
            {"strategies": unknown, "allowed": list(STRATEGY_KINDS)},
            hint=f"It has {', '.join(STRATEGY_KINDS)}.",
        )
    wanted = STRATEGY_KINDS[kind]
    strategy = context.strategies.get(kind, default)
    if isinstance(strategy, type) and (missing := sorted(getattr(strategy, "__abstractmethods__", ()))):
        raise UploadError(
            f"The strategy {kind} is {strategy.__name__}, which does not define {', '.join(missing)}.",
            {"strategy": kind, "class": strategy.__name__, "missing": missing},
            hint="Define what is missing, or derive from a strategy of the SDK's.",
        )
    if isinstance(strategy, type) or strategy is default:
        strategy = strategy(context) if wanted.takes_context else strategy()
        context.strategies[kind] = strategy  # one for the whole upload
    if not isinstance(strategy, wanted.base):
        raise UploadError(
            f"The strategy {kind} is {strategy!r}, which is no {wanted.base.__name__}.",
            {"strategy": kind, "class": type(strategy).__name__},
            hint=f"Derive its class from {wanted.base.__name__}.",
        )
    return strategy


def require_valid(
    context: UploadContext,
    result: ValidationResult,
    what: str,
    error_class: type[UploadError] = UploadError,
) -> None:
    """Raise `error_class` where a strategy said that something is not valid; warn of what it only noted."""
    if not isinstance(result, ValidationResult):
        raise UploadError(f"The check of the {what} answered {result!r}, which is no ValidationResult.")
    if not result.valid:
        reasons = "; ".join(result.errors) or "no reason was given"
        raise error_class(f"The {what} were refused: {reasons}.", {"errors": list(result.errors)})
    if result.errors:
        context.log_message(f"The {what} are taken, but: {'; '.join(result.errors)}.", "warning")
