"""The steps of `steps.wrappers` under the path that the vendor's plugins import them from."""

from synapse_sdk.plugins.steps.wrappers import LoggingStep, TimingStep, ValidationStep

__all__ = ["LoggingStep", "TimingStep", "ValidationStep"]
