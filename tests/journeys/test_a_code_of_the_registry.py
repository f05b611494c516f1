"""A code that only the server has: its release is fetched, and run here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli_process import Synapse, private_environment
from tests.journeys.small_plugins import action_source, config_of
from tests.server_process import ServerProcess

SAY = action_source("""
    (open("left.txt", "w")).write("in the current folder")
    return {"says": SAYS, "epochs": self.params.epochs}
""")
GO = """\
from synapse_sdk.plugins import action

@action(name="go")
def go(params, ctx):
    return {"went": 1}
"""
HEADER = """\
name: Registered
code: registered
version: {version}
category: neural_net
"""


def publish(synapse: Synapse, folder: Path, version: str, says: str) -> Path:
    """Publish a plugin whose action returns what it says."""
    package = f"registered_{version.replace('.', '_')}"
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").touch()
    (folder / package / "say.py").write_text(f"SAYS = {says!r}\n{SAY}")
    header = HEADER.format(version=version)
    (folder / "config.yaml").write_text(config_of({"say": f"{package}.say:Action"}, header=header))
    answer = synapse("plugin", "publish", "--yes", "--path", str(folder))
    assert answer.returncode == 0, answer
    return folder


@pytest.fixture
def registry(bare_server: ServerProcess, tmp_path: Path) -> Synapse:
    """Somebody who is logged in to a server that has two releases; elsewhere than in their folders."""
    synapse = bare_server.synapse
    bare_server.log_in()
    publish(synapse, tmp_path / "sources" / "old", "0.9.0", "the older")
    publish(synapse, tmp_path / "sources" / "new", "0.10.0", "the newer")
    here = tmp_path / "here"
    here.mkdir()
    return Synapse(home=synapse.home, cwd=here)


def releases_of(synapse: Synapse) -> list[Path]:
    return sorted((synapse.home / ".synapse/cache/releases").iterdir())


def test_the_newest_release_is_fetched_run_and_recorded_here(registry: Synapse):
    first = registry("plugin", "run", "say", "--plugin", "registered", "--set", "epochs=4")

    assert first.returncode == 0, first
    assert "the newer" in first.stdout
    assert "registered 0.10.0 is a release of http://127.0.0.1:" in first.stderr
    assert "(fetched)" in first.stderr
    assert {path.name for path in registry.cwd.iterdir()} == {".synapse", "left.txt"}
    assert "registered" not in registry("run", "list").stderr
    shown = registry("run", "show", "--json").json()
    plugin = shown["envelope"]["plugin"]
    release = registry("release", "show", "registered@0.10.0", "--json").json()
    assert plugin["release_digest"] == json.loads(json.dumps(release))["digest"]
    assert (plugin["code"], plugin["version"]) == ("registered", "0.10.0")

    again = registry("plugin", "run", "say", "--plugin", "registered")
    assert "(here before)" in again.stderr
    assert again.stdout.splitlines()[-1].split() == ["epochs", "3"]


def test_another_version_can_be_named_and_its_help_read(registry: Synapse):
    answer = registry("plugin", "run", "say", "--plugin", "registered@0.9.0")
    told = registry("plugin", "run", "say", "--plugin", "registered@0.9.0", "--help")

    assert "the older" in answer.stdout
    assert "epochs" in told.stdout
    assert len(releases_of(registry)) == 1


def test_what_was_changed_in_the_cache_is_never_run(registry: Synapse):
    registry("plugin", "run", "say", "--plugin", "registered")
    (folder,) = releases_of(registry)
    file = folder / "code/registered_0_10_0/say.py"
    file.write_text(file.read_text().replace("the newer", "something else"))

    answer = registry("plugin", "run", "say", "--plugin", "registered")

    assert "the newer" in answer.stdout
    assert "(fetched)" in answer.stderr
    (folder / "release.json").write_text("[")
    assert "(fetched)" in registry("plugin", "run", "say", "--plugin", "registered").stderr
    assert len(releases_of(registry)) == 1

    other = registry("plugin", "run", "say", "--plugin", "registered@0.9.0")
    (older,) = [path for path in releases_of(registry) if path != folder]
    for name in ("code", "release.json"):  # whole, and another release's
        (older / name).rename(older / f"{name}.old")
        (folder / name).rename(older / name)
    assert "the older" in other.stdout
    assert "the older" in registry("plugin", "run", "say", "--plugin", "registered@0.9.0").stdout


def test_a_cache_that_can_not_be_written_is_told(registry: Synapse):
    (registry.home / ".synapse/cache").mkdir(parents=True, exist_ok=True)
    (registry.home / ".synapse/cache/releases").write_text("in the way")

    answer = registry("plugin", "run", "say", "--plugin", "registered")

    assert answer.returncode != 0
    assert "registered could not be kept in" in answer.stderr
    assert "Traceback" not in answer.said


def test_a_folder_comes_before_the_server(registry: Synapse, tmp_path: Path):
    (tmp_path / "sources" / "old").rename(registry.cwd / "mine")

    answer = registry("plugin", "run", "say", "--plugin", "registered")

    assert "the older" in answer.stdout
    assert not (registry.home / ".synapse/cache/releases").exists()


def test_each_place_is_named_where_it_is_nowhere(registry: Synapse, bare_server: ServerProcess):
    unknown = registry("plugin", "run", "say", "--plugin", "unknown")
    version = registry("plugin", "run", "say", "--plugin", "registered@7.0.0")

    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert f"no config.yaml with `code: unknown` in {registry.cwd}" in unknown.stderr
    assert f"and on {bare_server.url}: There is no plugin 'unknown'." in unknown.stderr
    assert "7.0.0" in version.stderr
    assert version.returncode == 2

    bare_server.stop()
    away = registry("plugin", "run", "say", "--plugin", "registered")
    assert away.returncode == 3
    assert f"in {registry.cwd}" in away.stderr
    assert bare_server.url in away.stderr

    registry("logout")
    out = registry("plugin", "run", "say", "--plugin", "registered")
    assert out.returncode == 2
    assert "and you are logged in to no server that might have it (synapse login)." in out.stderr
    assert "Traceback" not in "".join(answer.stderr for answer in (unknown, version, away, out))


def test_a_program_runs_it_by_its_code(registry: Synapse):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from synapse_sdk.plugins import run_plugin as r; print(r('registered', 'say'))",
        ],
        cwd=registry.cwd,
        env=private_environment(registry.home),
        text=True,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "{'says': 'the newer', 'epochs': 3}\n"
    assert (registry.cwd / ".synapse/runs/1/outcome.json").is_file()


def test_an_installed_module_is_a_plugin_whose_runs_are_recorded_here(registry: Synapse, tmp_path: Path):
    packages = tmp_path / "lib/site-packages"
    for name in ("installed_tools", "lonely_tools"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").touch()
        (packages / name / "act.py").write_text(GO)
    environment = {"PYTHONPATH": str(packages)}

    answer = registry("plugin", "run", "go", "--plugin", "installed_tools.act", env=environment)
    script = (
        "import lonely_tools.act as m; from synapse_sdk.plugins import run_plugin; print(run_plugin(m, 'go'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=registry.cwd,
        env=private_environment(registry.home) | environment,
        text=True,
        capture_output=True,
        check=False,
    )

    assert answer.returncode == 0, answer
    assert "went  1" in answer.stdout
    assert done.stdout == "{'went': 1}\n", done.stderr
    assert len(list((registry.cwd / ".synapse/runs").iterdir())) == 2
    assert not list(packages.rglob(".synapse"))
