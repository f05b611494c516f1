"""What an action finds around it in a job on a server: a client, variables, and no secret of others."""

from __future__ import annotations

import json
from pathlib import Path

from tests.journeys.platform import ENVIRONMENT_TIMEOUT_S, Platform


def test_an_action_asks_the_server_with_the_rights_of_its_own_job(platform: Platform):
    job = platform.submit("ask")
    document = platform.wait_for_end(job, timeout_s=ENVIRONMENT_TIMEOUT_S)

    assert document["state"] == "SUCCEEDED", (document["reason"], platform.log(job, "stderr"))
    result = document["result"]
    assert result["number"] == int(job)
    assert result["is_same"]
    model = platform.ask("GET", f"models/{result['model']}/").json()
    assert model["name"] == "from a job"
    assert result["refused"][0].startswith("403: This needs jobs:read")
    assert result["refused"][1].startswith("403: This needs releases:read")


def test_a_worker_is_told_what_it_runs_and_no_secret(platform: Platform):
    job = platform.submit("ask", epochs=7)
    document = platform.wait_for_end(job, timeout_s=ENVIRONMENT_TIMEOUT_S)

    told = document["result"]["variables"]
    release = document["plugin_release"]
    assert told["SYNAPSE_ACTION_ENTRYPOINT"] == "plugin.ask_action.Action"
    assert json.loads(told["SYNAPSE_ACTION_PARAMS"])["epochs"] == 7
    assert told["SYNAPSE_JOB_ID"] == document["id"]
    assert told["SYNAPSE_HOST"] == told["SYNAPSE_PLUGIN_RUN_HOST"] == platform.server.url
    assert told["SYNAPSE_PLUGIN_RUN_TENANT"] == "default"
    assert told["SYNAPSE_PLUGIN_RELEASE_CODE"] == "demo@0.1.0"
    assert told["SYNAPSE_PLUGIN_RELEASE_CHECKSUM"] == release["digest"].removeprefix("sha256:")
    assert told["SYNAPSE_LANGUAGE"] == "en"
    assert not any("syn_" in value for value in told.values())
    assert "SYNAPSE_ACCESS_TOKEN" not in told
    assert "SYNAPSE_AGENT_TOKEN" not in told


def test_params_too_long_for_a_variable_lie_in_a_file(platform: Platform):
    params = {"name": "y" * 40_000}
    words = [*platform.run_words("count"), "--params", json.dumps(params), "--json"]
    asked = platform.synapse(*words, cwd=platform.plugin)
    assert asked.returncode == 0, asked
    job = str(asked.json()["number"])
    platform.wait_for_end(job, timeout_s=ENVIRONMENT_TIMEOUT_S)

    order = json.loads((platform.attempt_folder(job) / "start.json").read_bytes())
    assert "SYNAPSE_ACTION_PARAMS" not in order["env"]
    file = Path(order["env"]["SYNAPSE_ACTION_PARAMS_FILE"])
    assert json.loads(file.read_text()) == params
    assert file.stat().st_mode & 0o077 == 0
