"""Params of a remote job: what the server refuses at once, and what only the action's own code does."""

from __future__ import annotations

from tests.journeys.platform import ENVIRONMENT_TIMEOUT_S, Platform


def test_a_release_carries_schema_and_form_of_its_actions(platform: Platform):
    release = platform.ask("GET", "plugin_releases/demo@0.1.0/", token=platform.token).json()
    known = release["schemas"]["choosy"]
    assert known["params"]["properties"]["sizes"]["type"] == "array"
    (element,) = known["ui_schema"]
    assert (element["$formkit"], element["name"], element["value"]) == ("repeater", "sizes", [2])


def test_what_the_schema_says_is_refused_before_there_is_a_job(platform: Platform):
    words = platform.run_words("choosy", 'sizes=[2,"x"]')
    refused = platform.synapse(*words, cwd=platform.plugin)
    assert refused.returncode == 2
    assert "params.sizes.1: must be a whole number, not the text 'x'" in refused.stderr


def test_what_only_the_code_refuses_is_told_with_its_place(platform: Platform):
    number = platform.submit("choosy", sizes="[1,2]")
    job = platform.wait_for_end(number, timeout_s=ENVIRONMENT_TIMEOUT_S)
    assert job["state"] == "FAILED"
    (problem,) = job["failure"]["details"]["problems"]
    assert problem["loc"] == ["sizes"]
    assert "their sum has to be even" in problem["problem"]
