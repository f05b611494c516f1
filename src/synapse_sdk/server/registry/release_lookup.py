"""How a release is named in an address: by its id, or as `code@version`."""

from __future__ import annotations

from typing import NamedTuple

from synapse_sdk.server.http import NotFoundError


class Lookup(NamedTuple):
    """One of both."""

    release_id: int | None = None
    code: str = ""
    version: str = ""


def parse_lookup(lookup: str | int) -> Lookup:
    """Read it.

    Raises:
        NotFoundError: It is neither; nothing is called so.
    """
    if isinstance(lookup, int):
        return Lookup(lookup)
    code, at, version = lookup.partition("@")
    if at and code and version:
        return Lookup(None, code, version)
    if lookup.isascii() and lookup.isdigit() and len(lookup) < 19:  # what is longer is no id of ours
        return Lookup(int(lookup))
    raise NotFoundError(
        f"There is no release {lookup[:100]!r}.",
        {"release": lookup[:100]},
        hint="A release is named by its number, or as code@version.",
    )
