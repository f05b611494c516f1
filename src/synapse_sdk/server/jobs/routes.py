"""All routes of the subject."""

from __future__ import annotations

from fastapi import APIRouter

from synapse_sdk.server.jobs.agent_routes import router as agents
from synapse_sdk.server.jobs.event_routes import router as events
from synapse_sdk.server.jobs.job_routes import router as jobs
from synapse_sdk.server.jobs.log_routes import router as logs
from synapse_sdk.server.jobs.vendor_routes import router as vendor

router = APIRouter()
for _part in (jobs, agents, events, logs, vendor):
    router.include_router(_part)
