"""`synapse plugin run --mode remote`: the same action as a job on a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synapse_sdk.cli.output import Output
from synapse_sdk.cli.rim import ExitCode
from synapse_sdk.cli.server_access import open_transport


def run_remote(
    output: Output,
    action: str,
    *,
    code: str,
    params: Mapping[str, Any],
    assignments: Sequence[tuple[str, str]],
    resources: Mapping[str, int | None],
    language: str,
    is_following: bool,
    is_draft: bool,
    debug: bool,
    host: str | None,
    token_file: str | None,
) -> int:
    """Submit a job of the newest release of the plugin `code`; with `is_following`, watch it to its end."""
    from synapse_sdk.clients.jobs import submit_job
    from synapse_sdk.plugins.params import apply_assignments

    transport = open_transport(output, host=host, token_file=token_file)
    try:
        asked = {
            "action": action,
            "params": apply_assignments(None, params, assignments),
            "language": language,
            "debug": is_draft,
            "resources": {name: count for name, count in resources.items() if count is not None},
        }
        job = submit_job(transport, code, asked)
        release = job["plugin_release"]
        title = f"{release['plugin']} {release['version']} · {job['action']} · remote · job {job['number']}"
        output.say(output.style(title, bold=True))
        if is_following:
            from synapse_sdk.cli.job_follow import follow_to_end

            return follow_to_end(output, transport, job, debug=debug)
        if output.as_json:
            output.document(job)
        output.say(f"Watch it with: synapse job follow {job['number']}")
        return ExitCode.DONE
    finally:
        transport.close()
