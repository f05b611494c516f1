"""Requirements as a list."""

from __future__ import annotations

from synapse_sdk._internal.requirement_list import read_requirements

__all__ = ["read_requirements"]
