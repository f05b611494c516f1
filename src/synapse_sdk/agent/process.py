"""An agent as a process: signals, its log, and the loop between them."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from synapse_sdk._internal.secret import Secret


def run_agent(
    url: str,
    token: Secret,
    folder: Path,
    *,
    name: str | None = None,
    slots: int | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Run jobs of a server in this process until SIGTERM or SIGINT; attempts go on without it.

    Args:
        url: The server's address.
        token: An agent's token.
        folder: The agent's own folder.
        name: What the server calls it; this machine's name unless given.
        slots: Attempts at once; one for each processor unless given.
        stop: Ends it too.

    Raises:
        SynapseError: The server refuses the token, or another agent works in the folder.
    """
    from synapse_sdk.agent.loop import Agent
    from synapse_sdk.clients.agent_server import HttpAgentServer

    _begin_log()
    leave = stop or threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leave.set())
    Agent(HttpAgentServer(url, token.reveal()), folder, name=name, slots=slots).run(leave)


def _begin_log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # httpx logs every request at this level.
    logging.getLogger("httpx").setLevel(logging.WARNING)
