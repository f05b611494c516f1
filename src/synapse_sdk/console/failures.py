"""Why a job failed, as its author reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def describe_failure(failure: Mapping[str, Any], *, job_id: str, reason: str | None) -> dict[str, str]:
    """Return title, hint and traceback of a failure, each empty where there is nothing to say.

    Args:
        failure: What the worker said.
        job_id: Whose; the agent's folders of it are left out of paths.
        reason: What the page says already, and need not be said twice.
    """
    kind, message = str(failure.get("type") or ""), str(failure.get("message") or "")
    title = message if kind in message or not kind else f"{kind}: {message}"
    return {
        "title": "" if message == reason else title,
        "hint": str(failure.get("hint") or ""),
        "traceback": shorten_paths(str(failure.get("traceback") or ""), job_id),
    }


def find_param_problems(failure: Any) -> list[dict[str, Any]]:
    """Return what the author's model refused of a job's params, as `{loc, msg}`; else nothing.

    Args:
        failure: What the worker said.
    """
    details = failure.get("details") if isinstance(failure, Mapping) else None
    problems = details.get("problems") if isinstance(details, Mapping) else None
    return [
        {"loc": item["loc"], "msg": str(item.get("problem") or "")}
        for item in (problems if isinstance(problems, list) else ())
        if isinstance(item, Mapping) and isinstance(item.get("loc"), list)
    ]


def shorten_paths(traceback: str, job_id: str) -> str:
    """Name the plugin's own files as its author does: `plugin/train.py`, wherever the agent put them."""
    own = rf'(?<=File ")[^"\n]*/{re.escape(job_id)}/\d+/code/'
    return re.sub(own, "", traceback)
