"""A published plugin and an agent that has registered."""

from __future__ import annotations

import pytest
from tests.server.jobs.desk import Desk, publish, register


@pytest.fixture
def desk(server) -> Desk:
    """A server with the plugin `digits` and one agent."""
    person, agent = server.client("publisher"), server.client(token=server.agent_token())
    publish(person)
    return Desk(server, person, agent, register(agent))
