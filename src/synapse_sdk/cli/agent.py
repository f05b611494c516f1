"""`synapse agent …`: the machines that run jobs, and running them on this one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synapse_sdk.cli.lazy_group import Entry, LazyGroup
from synapse_sdk.cli.output import Output, with_output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server_access import read_token, with_server

if TYPE_CHECKING:
    from synapse_sdk.clients.transport import Transport

agent = LazyGroup(
    "agent",
    help="Run jobs on this machine; look at the machines that do.",
    entries={
        "start": Entry("synapse_sdk.cli.agent:start", "Run jobs of a server here until Ctrl-C."),
        "list": Entry("synapse_sdk.cli.agent:list_agents", "List the agents of a server."),
        "gc": Entry("synapse_sdk.cli.agent_gc:gc", "Remove what an agent's folder no longer needs."),
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


@click.command("start")
@with_output
@click.option("--host", help="Address of the server (default: where you are logged in).")
@click.option("--token-file", required=True, help="File that holds the agent's token; - for standard input.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="The agent's own folder (default: below your data)."
)
@click.option("--name", help="What the server calls it (default: this machine's name).")
@click.option("--slots", type=click.IntRange(min=1), help="Jobs at once (default: one for each processor).")
def start(
    output: Output,
    host: str | None,
    token_file: str,
    folder: Path | None,
    name: str | None,
    slots: int | None,
) -> int:
    """Run jobs of a server on this machine until Ctrl-C or SIGTERM.

    Jobs that run go on without it; the next start on the same folder takes them up again. An admin makes the
    token in the console, under Tokens.
    """
    from synapse_sdk._internal.extras import install_command, require
    from synapse_sdk.settings import load_settings

    require("uv", install=install_command("isolated"), why="build environments")
    from synapse_sdk.agent.process import run_agent
    from synapse_sdk.clients.login import NotLoggedInError, check_url

    settings = load_settings()
    url, token = host or settings.host, read_token(output, token_file=token_file, token=None)
    if url is None or token is None:
        raise NotLoggedInError("Not authenticated: no server is known.", hint="Name it with --host.")
    chosen = (folder or settings.data_dir / "agent").absolute()
    if output.as_json:
        output.document({"url": check_url(url), "folder": str(chosen)})
        output.out.flush()
    output.say(f"Agent for {check_url(url)}, work in {chosen}. Stop it with Ctrl-C; jobs go on.")
    run_agent(check_url(url), token, chosen, name=name, slots=slots)
    output.say("The agent has ended. Jobs that run go on; the next start takes them up again.")
    return ExitCode.DONE
