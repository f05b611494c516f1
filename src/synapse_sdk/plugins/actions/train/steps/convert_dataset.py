"""`ConvertDatasetStep`, where plugins from elsewhere look for it."""

from synapse_sdk.plugins.steps.dataset import ConvertDatasetStep

__all__ = ["ConvertDatasetStep"]
