"""Optional libraries: imported late, in one place, and able to explain their absence."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from synapse_sdk._internal.errors import MissingExtraError


def install_command(extra: str) -> str:
    """Say how to add an extra, given where this SDK itself was installed from."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = distribution("synapse-sdk").read_text("direct_url.json")
    except PackageNotFoundError:
        origin = None
    if origin:
        import json
        from urllib.parse import unquote, urlsplit

        place = urlsplit(str(json.loads(origin)["url"]))
        if place.scheme == "file":
            return f"pip install '{unquote(place.path)}[{extra}]'"
    return f"pip install '.[{extra}]'  # in a checkout of this SDK"


def require(module: str, *, install: str, why: str) -> ModuleType:
    """Import an optional library, or say how to get it.

    Args:
        module: What to import, such as "pytest".
        install: The command that brings it, such as `install_command("dev")`.
        why: What the user was doing, to finish the sentence "… is needed to".

    Raises:
        MissingExtraError: It is not installed. A library that is installed but broken shows its own error.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as exc:
        if exc.name != module.partition(".")[0]:
            raise
        raise MissingExtraError(
            f"{module} is needed to {why}, and is not installed.", {"module": module}, hint=install
        ) from exc
