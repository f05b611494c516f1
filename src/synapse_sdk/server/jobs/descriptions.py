"""Jobs, attempts and agents as JSON: our names beside those that the vendor's clients read.

Source: interface sheet `platform.md` §3.2, rows `get_job` and `list_agents`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from synapse_sdk._internal.clock import iso_z
from synapse_sdk.server.jobs.models import Agent, Attempt, Job, JobDocument


def describe_job(job: Job) -> dict[str, Any]:
    """Return a job as lists show it."""
    agent_id = job.agent_id if job.agent_id is not None else job.wanted_agent_id
    return {
        "id": job.id,
        "number": job.number,
        "state": job.state,
        "status": job.state,
        "cause": job.cause,
        "reason": job.reason,
        "action": job.action,
        "method": job.method,
        "plugin_release": {
            "id": job.release_id,
            "plugin": job.plugin,
            "version": job.version,
            "digest": job.release_digest,
        },
        "agent": None if agent_id is None else {"id": agent_id, "name": job.agent_name},
        "created": iso_z(job.created_at),
        "started": _moment(job.started_at),
        "finished": _moment(job.ended_at),
        "created_by": job.created_by,
        "stop_requested_at": _moment(job.stop_requested_at),
        "stop_requested_by": job.stop_requested_by,
        "attempt_count": job.attempt_count,
        "language": job.language,
        "is_debug": job.is_debug,
        "resources": {"cpus": job.cpus, "gpus": job.gpus},
        "time_limit_s": job.time_limit_s,
    }


def describe_details(job: Job, document: JobDocument, attempts: list[Attempt]) -> dict[str, Any]:
    """Return a job with all that is known of it."""
    claims = document.claims or {}
    steps = document.progress
    return {
        **describe_job(job),
        "params": document.params,
        "result": document.result,
        "failure": document.failure,
        "progress": steps,
        "progress_record": claims.get("progress_record"),
        "metrics_record": claims.get("metrics_record"),
        "claims": document.claims,
        "envelope": document.envelope,
        "attempts": [_describe_attempt(attempt) for attempt in attempts],
        "last_cursor": job.last_cursor,
    }


def describe_agent(agent: Agent, *, is_connected: bool) -> dict[str, Any]:
    """Return an agent."""
    shown = ("id", "name", "url", "interpreter", "platform", "sdk_version", "cpus", "gpus")
    return {
        **{name: getattr(agent, name) for name in shown},
        "status": "connected" if is_connected else "disconnected",
        "created_at": iso_z(agent.created_at),
        "seen_at": iso_z(agent.seen_at),
    }


def _describe_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "agent": attempt.agent_id,
        "phase": attempt.phase,
        "state": attempt.end_state,
        "cause": attempt.cause,
        "reason": attempt.reason,
        "created_at": iso_z(attempt.created_at),
        "started_at": _moment(attempt.started_at),
        "ended_at": _moment(attempt.ended_at),
        "exit": attempt.exit,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else iso_z(moment)
