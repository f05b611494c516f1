"""What travels and what stays: .synapseignore as in the guide, secrets, wheels. Seen through `--dry-run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli_process import Synapse
from tests.guide.guide import FACTS, Fact, block, each_fact, the_fact
from tests.guide.wheel import write_wheel


@each_fact("ignore")
def test_a_line_of_the_ignore_block_keeps_its_files_at_home(fact: Fact, synapse: Synapse, quick_plugin: Path):
    (quick_plugin / ".synapseignore").write_text(f"{fact.key}\n", encoding="utf-8")
    _write(quick_plugin / fact["keeps"])

    plan = _preview(synapse, quick_plugin)

    assert fact["keeps"] not in _travelling(plan)
    assert "plugin/train.py" in _travelling(plan)


@the_fact("blocks/synapseignore")
def test_the_whole_ignore_block_leaves_exactly_the_plugin(fact: Fact, synapse: Synapse, quick_plugin: Path):
    lines = [line for line in block("synapseignore").splitlines() if line and not line.startswith("#")]
    rules = [rule for rule in FACTS.values() if rule.id.startswith("ignore/")]
    assert lines == [rule.key for rule in rules]
    (quick_plugin / ".synapseignore").write_text(block("synapseignore"), encoding="utf-8")
    for rule in rules:
        _write(quick_plugin / rule["keeps"])

    plan = _preview(synapse, quick_plugin)

    assert {"config.yaml", "plugin/__init__.py", "plugin/train.py", "plugin/inference.py"} <= _travelling(
        plan
    )
    assert _travelling(plan).isdisjoint(rule["keeps"] for rule in rules)


@the_fact("statements/publish/sensitive-files-can-be-excluded")
def test_sensitive_files_stay_at_home_and_are_listed(fact: Fact, synapse: Synapse, quick_plugin: Path):
    (quick_plugin / ".synapseignore").write_text("credentials.json\n", encoding="utf-8")
    _write(quick_plugin / ".env", "API_KEY=abc\n")
    _write(quick_plugin / "credentials.json", "{}")

    preview = synapse("plugin", "publish", "--dry-run", cwd=quick_plugin)

    assert preview.returncode == 0, preview
    plan = _preview(synapse, quick_plugin)
    assert _travelling(plan).isdisjoint({".env", "credentials.json"})
    assert ".env" in preview.said
    assert "credentials.json" in preview.said


@the_fact("statements/wheels/local-wheels-travel", "structure/wheels")
def test_a_local_wheel_travels_with_the_release(fact: Fact, synapse: Synapse, quick_plugin: Path):
    assert not (quick_plugin / "wheels").exists()
    assert "wheels" not in str(sorted(_travelling(_preview(synapse, quick_plugin))))
    write_wheel(quick_plugin / "wheels")

    plan = _preview(synapse, quick_plugin)

    assert "wheels/tiny-1.0-py3-none-any.whl" in _travelling(plan)


@the_fact("statements/publish/dry-run-uploads-nothing")
def test_a_dry_run_needs_no_login_and_changes_nothing(fact: Fact, synapse: Synapse, quick_plugin: Path):
    before = _contents(quick_plugin)

    preview = synapse("plugin", "publish", "--dry-run", cwd=quick_plugin)

    assert preview.returncode == 0, preview
    assert _contents(quick_plugin) == before


@the_fact("statements/publish/path-defaults-to-the-current-folder")
def test_publish_looks_in_the_current_folder(fact: Fact, synapse: Synapse, quick_plugin: Path):
    assert synapse("plugin", "publish", "--dry-run", cwd=quick_plugin).returncode == 0
    assert synapse("plugin", "publish", "--dry-run", cwd=quick_plugin.parent).returncode == 2


@the_fact("statements/publish/path-names-the-folder")
def test_publish_takes_a_folder(fact: Fact, synapse: Synapse, quick_plugin: Path):
    for option in ("--path", "-p"):
        preview = synapse("plugin", "publish", "--dry-run", option, quick_plugin)

        assert preview.returncode == 0, preview
        assert "yolov8" in preview.said


@the_fact("statements/publish/config-names-another-file")
def test_publish_takes_another_config_file(fact: Fact, synapse: Synapse, quick_plugin: Path):
    other = quick_plugin / "config.staging.yaml"
    other.write_text(block("config").replace("version: 0.1.0", "version: 7.8.9"), encoding="utf-8")

    for option in ("--config", "-c"):
        preview = synapse("plugin", "publish", "--dry-run", option, other, cwd=quick_plugin)

        assert preview.returncode == 0, preview
        assert "7.8.9" in preview.said


def _preview(synapse: Synapse, plugin: Path) -> dict[str, Any]:
    preview = synapse("plugin", "publish", "--dry-run", "--json", cwd=plugin)
    assert preview.returncode == 0, preview
    plan: dict[str, Any] = preview.json()
    return plan


def _travelling(plan: dict[str, Any]) -> set[str]:
    return {file["path"] for file in plan["files"]}


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _write(path: Path, text: str = "x\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
