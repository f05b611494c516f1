"""`ValidationStep`, which checks the context, where the vendor's plugins import it from."""

from synapse_sdk.plugins.steps.wrappers import ValidationStep

__all__ = ["ValidationStep"]
