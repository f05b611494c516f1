"""The environment variables that tell a worker what it runs and for whom.

Source: interface sheets `platform.md` §4.3 and `core.md` §6.5. No token is among them, and nothing of the
agent's own: the job's token lies in the file that `SYNAPSE_JOB_TOKEN_FILE` names.
"""

from __future__ import annotations

import json

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk.agent.attempts import MARKER, AttemptFolder

#: Params that are longer than so many characters of JSON lie in a file.
PARAMS_LIMIT = 32_000


def build_worker_variables(attempt: AttemptFolder, url: str) -> dict[str, str]:
    """Return the variables of an attempt's worker.

    Args:
        attempt: Its folder.
        url: The server's address as it is now; `SYNAPSE_SERVER_FILE` names where a later one will stand.
    """
    assignment = attempt.assignment
    envelope, plugin = assignment.envelope, assignment.envelope.plugin
    return {
        MARKER: str(attempt.path),
        "SYNAPSE_ACTION_ENTRYPOINT": envelope.entrypoint.replace(":", "."),
        **_tell_params(attempt),
        "SYNAPSE_HOST": url,
        "SYNAPSE_JOB_ID": assignment.job,
        "SYNAPSE_JOB_TOKEN_FILE": str(attempt.token_file),
        "SYNAPSE_LANGUAGE": envelope.language,
        "SYNAPSE_PLUGIN_RELEASE_CHECKSUM": assignment.release.digest.removeprefix("sha256:"),
        "SYNAPSE_PLUGIN_RELEASE_CODE": f"{plugin.code}@{plugin.version}",
        "SYNAPSE_PLUGIN_RUN_HOST": url,
        "SYNAPSE_PLUGIN_RUN_TENANT": envelope.workspace,
        "SYNAPSE_SERVER_FILE": str(attempt.server_file),
    }


def write_params(attempt: AttemptFolder) -> None:
    """Write params that are too long for a variable to the file that is named instead."""
    text = _encode_params(attempt)
    if len(text) >= PARAMS_LIMIT:
        atomic_write(attempt.params_file, text.encode(), mode=0o600)


def _tell_params(attempt: AttemptFolder) -> dict[str, str]:
    text = _encode_params(attempt)
    if len(text) < PARAMS_LIMIT:
        return {"SYNAPSE_ACTION_PARAMS": text}
    return {"SYNAPSE_ACTION_PARAMS_FILE": str(attempt.params_file)}


def _encode_params(attempt: AttemptFolder) -> str:
    return json.dumps(attempt.assignment.envelope.params)
