"""A release that is not served: the agent is asked to, at most once a minute."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

#: Seconds in which nobody on this machine asks a second time.
COOLDOWN_S = 60.0


def ask_for_deployment(agent: Any, release: str, route: str) -> str:
    """Ask an agent to deploy a release, `code@version`; return a sentence on what came of it.

    Args:
        agent: Its client; None without one.
        release: The release.
        route: Names the release on this machine.
    """
    if agent is None:
        return "No agent is known that could deploy it: deploy it with its action `deployment`."
    stamp = _stamps() / route
    if not _claim(stamp):
        return "Its deployment was asked for less than a minute ago."
    try:
        agent.run_plugin_release(release, "deployment", {})
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller's own error tells it
        stamp.unlink(missing_ok=True)
        return f"Its deployment could not be asked for: {error}"
    return "Its deployment was asked for."


def _stamps() -> Path:
    from synapse_sdk.settings import load_settings

    folder = load_settings().cache_dir / "deployments"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _claim(stamp: Path) -> bool:
    """Make a stamp that is not there, or old; say whether it was this call that did."""
    try:
        if time.time() - stamp.stat().st_mtime > COOLDOWN_S:
            stamp.unlink(missing_ok=True)
    except FileNotFoundError:
        pass  # nobody asked yet
    try:
        os.close(os.open(stamp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True
