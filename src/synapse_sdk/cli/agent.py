"""`synapse agent …`: the machines that run jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.server_access import with_server

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport

agent = LazyGroup(
    "agent",
    help="Look at the machines that run jobs.",
    entries={
        "list": Entry("synapse_sdk.cli.agent:list_agents", "List the agents of a server."),
        "show": Entry("synapse_sdk.cli.agent:show", "Show one agent."),
    },
)


@click.command("list")
@with_output
@with_server
def list_agents(output: Output, transport: Transport) -> None:
    """List the agents of a server."""
    from synapse_sdk.clients.jobs import iter_results

    found = list(iter_results(transport, "agents/"))
    if output.as_json:
        output.document({"agents": found})
        return
    output.table(
        ["agent", "name", "status", "interpreter", "platform", "cpus", "gpus"],
        [
            [item.get(key, "") for key in ("id", "name", "status", "interpreter", "platform", "cpus", "gpus")]
            for item in found
        ],
    )


@click.command("show")
@click.argument("agent_id", metavar="AGENT", type=int)
@with_output
@with_server
def show(output: Output, transport: Transport, agent_id: int) -> None:
    """Show AGENT, by its number."""
    output.fields(transport.get(f"agents/{agent_id}/"))
