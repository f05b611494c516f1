"""Rows of agents; the only SQL about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.jobs.models import Agent
from synapse_sdk.server.jobs.tables import agents


def put_agent(
    connection: sa.Connection, workspace_id: int, name: str, facts: Mapping[str, Any], *, now: datetime
) -> Agent:
    """Make the agent of this name, or change what is known of it."""
    is_it = (agents.c.workspace_id == workspace_id, agents.c.name == name)
    values = {**facts, "seen_at": now}
    if not connection.execute(sa.update(agents).where(*is_it).values(**values)).rowcount:
        made = {"workspace_id": workspace_id, "name": name, "created_at": now}
        connection.execute(sa.insert(agents).values(**made, **values))
    return Agent(*connection.execute(sa.select(agents).where(*is_it)).one())


def find_agent(connection: sa.Connection, workspace_id: int, agent_id: int) -> Agent | None:
    """Return an agent of a workspace."""
    query = sa.select(agents).where(agents.c.workspace_id == workspace_id, agents.c.id == agent_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Agent(*row)


def find_named(connection: sa.Connection, workspace_id: int, name: str) -> Agent | None:
    """Return the agent of this name."""
    query = sa.select(agents).where(agents.c.workspace_id == workspace_id, agents.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else Agent(*row)


def list_agents(
    connection: sa.Connection, workspace_id: int, *, after: int, limit: int | None
) -> list[Agent]:
    """Return agents in the order of their ids; all with `limit=None`."""
    query = (
        sa.select(agents)
        .where(agents.c.workspace_id == workspace_id, agents.c.id > after)
        .order_by(agents.c.id)
        .limit(limit)
    )
    return [Agent(*row) for row in connection.execute(query)]


def touch_agent(connection: sa.Connection, agent_id: int, *, now: datetime) -> None:
    """Record that an agent was heard of."""
    connection.execute(sa.update(agents).where(agents.c.id == agent_id).values(seen_at=now))
