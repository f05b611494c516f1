"""Every template, every action, with zero edits: made here, published, and run on a server.

What comes before that (check, test, a run on this machine) is `tests/cli/test_plugin_create.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synapse_sdk.plugins.enums import PluginCategory
from tests.journeys.platform import ENVIRONMENT_TIMEOUT_S, Platform


def run_remotely(platform: Platform, plugin: Path, action: str, *more: str) -> dict[str, Any]:
    """Run an action of the published plugin; return its result."""
    ran = platform.synapse(
        *("plugin", "run", action, "--mode", "remote", "--follow", "--json", *more),
        cwd=plugin,
        timeout_s=ENVIRONMENT_TIMEOUT_S,
    )
    assert ran.returncode == 0, ran
    outcome = ran.json()
    assert outcome["state"] == "SUCCEEDED", outcome
    return outcome["result"]


@pytest.mark.parametrize("category", list(PluginCategory))
def test_a_new_plugin_is_published_and_runs_on_a_server(
    platform: Platform, tmp_path: Path, category: PluginCategory
):
    code = f"new-{category.value.replace('_', '-')}"
    created = platform.synapse(
        *("plugin", "create", "--yes", "--name", "New", "--code", code, "--category", category, "--json"),
        cwd=tmp_path,
    )
    assert created.returncode == 0, created
    plugin, action = Path(created.json()["path"]), created.json()["action"]

    published = platform.synapse("plugin", "publish", "--yes", cwd=plugin, timeout_s=ENVIRONMENT_TIMEOUT_S)
    result = run_remotely(platform, plugin, action)

    assert published.returncode == 0, published
    info = platform.synapse("plugin", "info", "--json", cwd=plugin).json()
    others = sorted(item["name"] for item in info["actions"] if item["name"] != action)
    if category is PluginCategory.NEURAL_NET:
        assert others == ["inference"]
        predicted = run_remotely(platform, plugin, "inference", "--set", f"model={result['model_id']}")
        assert predicted["processed_count"] > 0
    else:
        assert others == []
        assert result["files"] == 3
