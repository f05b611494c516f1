"""Rules of agents: who they are, and whether they are there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.accounts.service import AccountService
from synapse_sdk.server.db import Database
from synapse_sdk.server.http import ConflictError, ForbiddenError, NotFoundError, Principal
from synapse_sdk.server.jobs import agent_store
from synapse_sdk.server.jobs.models import Agent
from synapse_sdk.wire.assignment import AgentFacts

#: An agent is connected as long as it was heard of so recently; it speaks each 5 s.
CONNECTED_FOR = timedelta(seconds=30)


class AgentService:
    """Agents of a workspace."""

    def __init__(
        self, database: Database, accounts: AccountService, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._now = now

    def register(self, principal: Principal, facts: AgentFacts) -> Agent:
        """Make an agent, or bring what is known of it up to date. Its token is bound to it from then on.

        Raises:
            ForbiddenError: This is no agent's token.
            ConflictError: The token belongs to an agent of another name, or the name to an agent with another
                token that is good.
        """
        principal.require("agents:work")
        values = facts.model_dump(exclude={"schema_version", "name"})
        with self._database.write() as connection:
            if principal.agent_id is not None:
                known = agent_store.find_agent(connection, principal.workspace_id, principal.agent_id)
                if known is not None and known.name != facts.name:
                    raise ConflictError(
                        f"This token belongs to the agent {known.name!r}, not to {facts.name!r}.",
                        {"agent": known.name},
                        hint="Make a token for each agent, or give it its name again.",
                    )
            self._require_free_name(connection, principal, facts.name)
            agent = agent_store.put_agent(
                connection, principal.workspace_id, facts.name, values, now=self._now()
            )
        if principal.agent_id is None:
            self._accounts.bind_agent(principal, agent.id)
        return agent

    def _require_free_name(self, connection: sa.Connection, principal: Principal, name: str) -> None:
        """Refuse a token that would take over what another one's agent has in its hands."""
        named = agent_store.find_named(connection, principal.workspace_id, name)
        if named is None or named.id == principal.agent_id:
            return
        holder = self._accounts.find_token_of_agent(connection, named.id)
        if holder is not None:
            raise ConflictError(
                f"There is an agent {name!r} already, with the token {holder.id} ({holder.hint}…).",
                {"agent": named.id, "token": holder.id},
                hint=f"Give this one another name; or revoke token {holder.id} if this one takes its place.",
            )

    def list_agents(self, principal: Principal, *, after: int, limit: int) -> list[Agent]:
        """Return the agents of the workspace."""
        principal.require("agents:read")
        with self._database.read() as connection:
            return agent_store.list_agents(connection, principal.workspace_id, after=after, limit=limit)

    def get(self, principal: Principal, agent_id: int) -> Agent:
        """Return an agent; agents see themselves."""
        if principal.agent_id != agent_id:
            principal.require("agents:read")
        with self._database.read() as connection:
            return get_agent(connection, principal.workspace_id, agent_id)

    def is_connected(self, agent: Agent) -> bool:
        """Was it heard of recently?"""
        return self._now() - agent.seen_at < CONNECTED_FOR


def get_agent(connection: sa.Connection, workspace_id: int, agent_id: int) -> Agent:
    """Return an agent of a workspace.

    Raises:
        NotFoundError: There is none of that number.
    """
    agent = agent_store.find_agent(connection, workspace_id, agent_id)
    if agent is None:
        raise NotFoundError(f"There is no agent {agent_id}.", hint="See: synapse agent list")
    return agent


def require_self(principal: Principal, agent_id: int) -> None:
    """Let an agent pass that speaks for itself.

    Raises:
        ForbiddenError: The token belongs to no agent, or to another one.
    """
    principal.require("agents:work")
    if principal.agent_id != agent_id:
        raise ForbiddenError(
            f"This token does not belong to the agent {agent_id}.",
            {"agent": principal.agent_id},
            hint="Register first: POST agents/register/",
        )
