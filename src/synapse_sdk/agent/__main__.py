"""`python -m synapse_sdk.agent --server URL --token-file FILE --folder DIR`: the agent by itself."""

from __future__ import annotations

import argparse
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from synapse_sdk._internal.errors import SynapseError


def main(argv: Sequence[str]) -> int:
    """Run an agent until SIGTERM or SIGINT. Returns 0; 3 when it can not begin."""
    options = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # httpx logs every request at this level.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.exit_with_parent:
        _stop_with_parent(stop)
    try:
        _run(options, stop)
    except SynapseError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"hint:  {error.hint}\n" if error.hint else ""))
        return 3
    return 0


def _run(options: argparse.Namespace, stop: threading.Event) -> None:
    from synapse_sdk.agent.loop import Agent
    from synapse_sdk.clients.agent_server import HttpAgentServer

    try:
        token = options.token_file.read_text().strip()
    except OSError as error:
        raise SynapseError(f"The agent's token can not be read: {error}.") from error
    server = HttpAgentServer(options.server, token)
    Agent(server, options.folder, name=options.name, slots=options.slots).run(stop)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m synapse_sdk.agent", description="Run jobs of a server here."
    )
    parser.add_argument("--server", required=True, help="address of the server")
    parser.add_argument("--token-file", required=True, type=Path, help="file that holds the agent's token")
    parser.add_argument("--folder", required=True, type=Path, help="the agent's own folder")
    parser.add_argument("--name", help="what the server calls it; this machine's name unless given")
    parser.add_argument("--slots", type=int, help="attempts at once; one for each processor unless given")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the starting process ends")
    return parser.parse_args(argv)


def _stop_with_parent(stop: threading.Event) -> None:
    """Set `stop` when the process that started this one has ended, however it did."""
    try:
        parent = os.pidfd_open(os.getppid())
    except ProcessLookupError:
        stop.set()
        return

    def wait() -> None:
        select.select([parent], [], [])
        stop.set()

    threading.Thread(target=wait, name="parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
