"""Clients of agents: of the one that this process belongs to, of one that a server names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.settings import load_config_file, load_settings
from synapse_sdk.utils.auth import load_credentials

if TYPE_CHECKING:
    from synapse_sdk.clients.agent import AgentClient

__all__ = ["create_agent_client", "create_agent_client_for"]

_ENV_URL, _ENV_TOKEN = "SYNAPSE_AGENT_URL", "SYNAPSE_AGENT_TOKEN"
#: Where a server that does not name an agent's token shows it all the same.
_TOKEN_IN_SCRIPT = re.compile(r"agents/([0-9a-f]{40})/node_install_script")


def create_agent_client() -> AgentClient | None:
    """Return a client of the agent of `SYNAPSE_AGENT_URL` and `SYNAPSE_AGENT_TOKEN`, else of the one that
    this machine's configuration has as `agent`; None without one.

    Raises:
        SettingsError: The configuration can not be read.
        SynapseError: What it has as `agent` is no agent.
    """
    url, token = os.environ.get(_ENV_URL), os.environ.get(_ENV_TOKEN)
    if url and token:
        return create_agent_client_for({"url": url, "token": token})
    file = load_settings().config_file
    agent = load_config_file(file).get("agent")
    if agent is None:
        return None
    if not isinstance(agent, dict):
        raise SynapseError(f"agent in {file} is a {type(agent).__name__}, and no agent.", {"path": str(file)})
    return create_agent_client_for(agent) if agent.get("url") else None


def create_agent_client_for(agent: Mapping[str, Any]) -> AgentClient:
    """Return a client of an agent that a server names; it asks in the name of whoever is logged in.

    Args:
        agent: The server's record: `url`, and `token` or a `node_install_script` that has it.

    Raises:
        SynapseError: The record has no address, or no token.
    """
    from synapse_sdk.clients.agent import AgentClient
    from synapse_sdk.clients.login import check_url

    name = agent.get("name") or agent.get("id") or "the agent"
    url, token = agent.get("url"), agent.get("token")
    if not token and (match := _TOKEN_IN_SCRIPT.search(str(agent.get("node_install_script") or ""))):
        token = match[1]
    missing = [
        what
        for what, value in (("address", url), ("token", token))
        if not isinstance(value, str) or not value
    ]
    if missing:
        raise SynapseError(
            f"The record of {name} has no {' and no '.join(missing)}.",
            {"agent": agent.get("id"), "missing": missing},
            hint="Is it connected, and may you use it?",
        )
    asker = load_credentials()
    return AgentClient(check_url(str(url)), str(token), user_token=asker.user_token, tenant=asker.tenant)
