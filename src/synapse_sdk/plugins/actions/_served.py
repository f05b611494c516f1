"""What actions of served plugins share: the path of a release, and the agent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synapse_sdk.clients.agent import AgentClient
    from synapse_sdk.plugins.context import RuntimeContext


def name_route(release: str) -> str:
    """Return the path below which a release, `code@version`, is served."""
    return hashlib.md5(release.encode(), usedforsecurity=False).hexdigest()


def is_rehearsal(ctx: RuntimeContext) -> bool:
    """Is nobody to be asked, because answers are made up?"""
    return bool(getattr(ctx.client, "is_rehearsal", False))


@contextmanager
def open_agent_client(ctx: RuntimeContext) -> Iterator[Any]:
    """Give the agent's client: the context's own, else that of `SYNAPSE_AGENT_URL`; None without one."""
    client = None if ctx.agent_client is not None else make_agent_client(ctx)
    try:
        yield ctx.agent_client if client is None else client
    finally:
        if client is not None:
            client.close()


def make_agent_client(ctx: RuntimeContext) -> AgentClient | None:
    """Return a client of the agent of `SYNAPSE_AGENT_URL`; None without one, and in a rehearsal."""
    address, token = ctx.env.get("SYNAPSE_AGENT_URL"), ctx.env.get("SYNAPSE_AGENT_TOKEN")
    if not address or not token or is_rehearsal(ctx):
        return None
    from synapse_sdk.clients.agent import AgentClient

    return AgentClient(str(address), str(token))
