"""The `synapse` command. Kept tiny: `--version` answers from here, everything else loads the command tree."""

from __future__ import annotations

import sys

from synapse_sdk._version import __version__


def main() -> None:
    """Run `synapse` with this process's arguments and end the process with its exit code."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-v"]):
        sys.stdout.write(f"synapse-sdk {__version__}\n")
        return
    from synapse_sdk.cli.rim import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
