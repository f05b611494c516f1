"""Jobs that nobody has: are they told what they wait for, and are those without hope ended?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.db import Database
from synapse_sdk.server.jobs import agent_store, store
from synapse_sdk.server.jobs.agent_service import CONNECTED_FOR
from synapse_sdk.server.jobs.models import Agent, Ask, Job
from synapse_sdk.server.jobs.notifier import Notifier, events_topic, logs_topic
from synapse_sdk.server.jobs.placement import judge_placement
from synapse_sdk.server.jobs.states import PLACEABLE, Placement
from synapse_sdk.server.jobs.transitions import refresh_state

#: A server that began just now has not heard of agents that are there: they speak again within this time.
SETTLING = timedelta(seconds=12)
#: Jobs that one look changes; the next look goes on.
BATCH = 200


class WaitingService:
    """Where jobs wait, and what for."""

    def __init__(
        self, database: Database, notifier: Notifier, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._now = now
        self._began_at = now()

    def judge(self, connection: sa.Connection, workspace_id: int, ask: Ask) -> Placement:
        """Say what a job waits for that no agent of the workspace has."""
        now = self._now()
        if now - self._began_at < SETTLING:
            return PLACEABLE
        agents = agent_store.list_agents(connection, workspace_id, after=0, limit=None)
        return judge_placement(ask, agents, is_connected=self._is_connected, now=now)

    def review(self) -> int:
        """Tell jobs that wait what they wait for now; end those without hope. Returns how many changed."""
        if self._now() - self._began_at < SETTLING:
            return 0
        with self._database.read() as connection:
            agents = {}
            stale = []
            for waiting in store.list_waiting(connection):
                if waiting.workspace_id not in agents:
                    agents[waiting.workspace_id] = agent_store.list_agents(
                        connection, waiting.workspace_id, after=0, limit=None
                    )
                placement = self._judge_one(waiting.ask, agents[waiting.workspace_id])
                if placement.is_hopeless or placement.reason != waiting.reason:
                    stale.append((waiting.key, placement))
                if len(stale) == BATCH:
                    break
        return sum(self._tell(key, placement) for key, placement in stale)

    def _judge_one(self, ask: Ask, agents: list[Agent]) -> Placement:
        return judge_placement(ask, agents, is_connected=self._is_connected, now=self._now())

    def _tell(self, key: int, placement: Placement) -> bool:
        with self._database.write() as connection:
            before = store.get_job(connection, key)
            # Claimed in the meantime: its attempts decide then, not this.
            job = refresh_state(connection, key, who="server", now=self._now(), placement=placement)
        is_changed = (job.state, job.reason) != (before.state, before.reason)
        if is_changed:
            self._announce(job)
        return is_changed

    def _announce(self, job: Job) -> None:
        self._notifier.notify(events_topic(job.key))
        self._notifier.notify(logs_topic(job.key))

    def _is_connected(self, agent: Agent) -> bool:
        return self._now() - agent.seen_at < CONNECTED_FOR
