"""The version of this SDK, in its one place. Nothing else lives here: `synapse --version` reads only this."""

__version__ = "2026.12.0"
