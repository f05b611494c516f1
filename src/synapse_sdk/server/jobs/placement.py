"""Where could a job run? Says for one that nobody has what it waits for, and when there is no hope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from synapse_sdk.server.jobs.models import Agent, Ask
from synapse_sdk.server.jobs.states import PLACEABLE, Placement

#: An agent that was silent for longer is taken for gone: nothing is hoped of it.
KNOWN_FOR = timedelta(days=7)
#: How long a job waits for an agent that could run it, before it fails.
HOPE = timedelta(minutes=10)


def judge_placement(
    ask: Ask, agents: Sequence[Agent], *, is_connected: Callable[[Agent], bool], now: datetime
) -> Placement:
    """Say what a job waits for that no agent has.

    It waits for as long as it takes for an agent that could run it and is not connected; and for `HOPE`
    where every agent that is known is too small, since a larger one may be on its way.

    Args:
        ask: What the job wants.
        agents: The workspace's agents.
        is_connected: Was an agent heard of just now?
        now: The server's clock.
    """
    wanted = [agent for agent in agents if ask.wanted_agent_id in (None, agent.id)]
    known = [agent for agent in wanted if now - agent.seen_at < KNOWN_FOR]
    able = [agent for agent in known if _fits(ask, agent)]
    if any(map(is_connected, able)):
        return PLACEABLE
    if able:
        return Placement(_explain_absence(ask, able, is_alone=len(able) == len(agents)))
    if known:
        return Placement(_explain_shortage(ask, known), is_hopeless=now - ask.created_at > HOPE)
    if ask.wanted_agent_id is not None and wanted:
        return Placement(f"The agent {wanted[0].name} is not connected.")
    return Placement("No agent is connected.")


def _fits(ask: Ask, agent: Agent) -> bool:
    return (ask.cpus or 0) <= agent.cpus and (ask.gpus or 0) <= agent.gpus


def _explain_absence(ask: Ask, able: Sequence[Agent], *, is_alone: bool) -> str:
    if ask.wanted_agent_id is not None:
        return f"The agent {able[0].name} is not connected."
    if is_alone or not (ask.cpus or ask.gpus):
        return "No agent is connected."
    names = ", ".join(agent.name for agent in able[:3]) + (", …" if len(able) > 3 else "")
    return f"No agent that is connected has {_describe(ask.cpus, ask.gpus)}; {names} would have, and is away."


def _explain_shortage(ask: Ask, known: Sequence[Agent]) -> str:
    cpus, gpus = max(agent.cpus for agent in known), max(agent.gpus for agent in known)
    lacking = _describe(
        ask.cpus if (ask.cpus or 0) > cpus else None, ask.gpus if (ask.gpus or 0) > gpus else None
    )
    if ask.wanted_agent_id is not None:
        return f"The agent {known[0].name} has {_describe(cpus, gpus)}; the job asks for {lacking}."
    if not lacking:  # each of them somewhere, never together
        return f"No agent has {_describe(ask.cpus, ask.gpus)} together."
    largest = " and ".join(
        text
        for text, wish, has in ((f"{cpus}", ask.cpus, cpus), (f"{gpus}", ask.gpus, gpus))
        if (wish or 0) > has
    )
    return f"No agent has {lacking}; the largest has {largest}."


def _describe(cpus: int | None, gpus: int | None) -> str:
    parts = [_count(cpus, "CPU"), _count(gpus, "GPU")]
    return " and ".join(part for part in parts if part)


def _count(number: int | None, what: str) -> str:
    if number is None:
        return ""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
