"""Synapse: typed plugins for labelling and ML teams. Authors import from `synapse_sdk.plugins`."""

from synapse_sdk._version import __version__

__all__ = ["__version__"]
