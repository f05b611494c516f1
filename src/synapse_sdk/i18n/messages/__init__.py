"""The SDK's own texts, a module for each language. Keys are the codes of `LogMessageCode`s."""

from __future__ import annotations

from importlib import import_module


def __getattr__(name: str) -> object:
    # The vendor's documents import it from here. Its home is above this room, so it is only looked up.
    if name == "LogMessageCode":
        code: object = import_module("synapse_sdk.plugins.log_messages").LogMessageCode
        return code
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
