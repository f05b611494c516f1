"""`python -m synapse_sdk.agent --server URL --token-file FILE --folder DIR`: the agent by itself."""

from __future__ import annotations

import argparse
import os
import select
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._internal.secret import Secret


def main(argv: Sequence[str]) -> int:
    """Run an agent until SIGTERM or SIGINT. Returns 0; 3 when it can not begin."""
    options = _parse(argv)
    stop = threading.Event()
    if options.exit_with_parent:
        _stop_with_parent(stop)
    try:
        _run(options, stop)
    except SynapseError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"hint:  {error.hint}\n" if error.hint else ""))
        return 3
    return 0


def _run(options: argparse.Namespace, stop: threading.Event) -> None:
    from synapse_sdk.agent.process import run_agent

    try:
        token = options.token_file.read_text().strip()
    except OSError as error:
        raise SynapseError(f"The agent's token can not be read: {error}.") from error
    run_agent(
        options.server, Secret(token), options.folder, name=options.name, slots=options.slots, stop=stop
    )


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
