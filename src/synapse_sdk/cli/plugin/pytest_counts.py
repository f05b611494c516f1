"""A pytest plugin: writes how many tests ended how, for `synapse plugin test --json`.

Loaded in the tests' own process, by name; the file to write is in the environment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

#: Names the file that the counts are written to.
FILE_VARIABLE = "SYNAPSE_TEST_COUNTS_FILE"
#: pytest's words for how a test ended → ours.
OUTCOMES = {
    "passed": "passed",
    "failed": "failed",
    "error": "errors",
    "skipped": "skipped",
    "xfailed": "expected_failures",
    "xpassed": "unexpected_passes",
    "deselected": "deselected",
}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the counts, and which tests failed, when everything is over."""
    stats = terminalreporter.stats
    document = {
        **{ours: len(stats.get(theirs, ())) for theirs, ours in OUTCOMES.items()},
        "failures": [
            {"test": report.nodeid, "message": _last_line(report)}
            for outcome in ("failed", "error")
            for report in stats.get(outcome, ())
        ],
    }
    Path(os.environ[FILE_VARIABLE]).write_text(json.dumps(document), encoding="utf-8")


def _last_line(report: Any) -> str:
    """Say in a line what went wrong: the exception's own message, where pytest knows it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr).strip()
    return text.splitlines()[0] if text else ""
