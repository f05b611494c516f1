"""`TimingStep`, which measures a step, where the vendor's plugins import it from."""

from synapse_sdk.plugins.steps.wrappers import TimingStep

__all__ = ["TimingStep"]
