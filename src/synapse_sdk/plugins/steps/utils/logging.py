"""`LoggingStep`, which says when a step begins and ends, where the vendor's plugins import it from."""

from synapse_sdk.plugins.steps.wrappers import LoggingStep

__all__ = ["LoggingStep"]
