"""Attempts for tests: assignments, and folders as an agent makes them."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

from synapse_sdk.agent.attempts import MARKER, AttemptFolder
from synapse_sdk.agent.start_order import StartOrder
from synapse_sdk.wire.assignment import Assignment

TOKEN = "job-token-900150983cd24fb0"


def make_assignment(job: str = "job-1", attempt: int = 1, **changes: Any) -> Assignment:
    return Assignment.model_validate(
        {
            "job": job,
            "number": 1,
            "attempt": attempt,
            "envelope": {
                "job": job,
                "attempt": attempt,
                "workspace": "default",
                "mode": "remote",
                "plugin": {"code": "demo", "version": "0.1.0"},
                "action": "train",
                "entrypoint": "plugin.train:Action",
                "params": {},
                "environment": {"interpreter": "cpython", "platform": "linux", "sdk_version": "0"},
                "created_at": "2026-01-01T00:00:00.000000Z",
            },
            "release": {"release_id": 1, "digest": "sha256:00", "archive_url": "a/", "files_url": "f/"},
            "job_token": TOKEN,
            "lease_s": 30,
            **changes,
        }
    )


def make_attempt(root: Path, **changes: Any) -> AttemptFolder:
    return AttemptFolder.create(root, make_assignment(**changes))


def order_python(attempt: AttemptFolder, source: str, **changes: Any) -> StartOrder:
    """Build the order to run Python source as the worker."""
    facts: dict[str, Any] = {
        "job": attempt.assignment.job,
        "attempt": attempt.assignment.attempt,
        "argv": (sys.executable, "-P", "-u", "-c", textwrap.dedent(source)),
        "cwd": str(attempt.path),
        "env": {MARKER: str(attempt.path)},
        "grace_s": 0.5,
    }
    return StartOrder(**{**facts, **changes})
