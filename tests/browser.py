"""The one thing that the tests need beyond Python: a Chromium, for the console's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PROGRAM = "chromium"
INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", PROGRAM)
#: Asks the tests with a browser to skip themselves: `make test BROWSER=0`.
SKIP_VARIABLE = "SYNAPSE_TEST_BROWSER"


def ensure_browser() -> str | None:
    """Have a Chromium; install Debian's where we may. Return what to do where we may not."""
    if shutil.which(PROGRAM):
        return None
    if os.geteuid() != 0 or shutil.which(INSTALL[0]) is None:
        return (
            f"there is no {PROGRAM} for the console's tests. Install it: sudo {' '.join(INSTALL)}\n"
            "       or leave these tests out: make test BROWSER=0"
        )
    print(f"installing {PROGRAM}, which the console's tests need: {' '.join(INSTALL)}", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("apt-get", "update", "-qq"), INSTALL):
        done = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
            return f"{' '.join(command)} ended with exit code {done.returncode}"
    return None if shutil.which(PROGRAM) else f"{' '.join(INSTALL)} did not bring {PROGRAM}"
