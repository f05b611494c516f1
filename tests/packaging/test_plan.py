"""What a release would hold, and what stops it before anything is sent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from synapse_sdk.manifest import known_files
from synapse_sdk.packaging import ReleasePlan, SecretFoundError, build_plan
from synapse_sdk.plugins.errors import (
    ActionNotFoundError,
    ArchiveError,
    BuildError,
    ChecksumMismatchError,
    ValidationError,
)
from tests.manifest.folders import write_files
from tests.packaging.make_plugin import FILES, make_config, make_plan, paths_of
from tests.packaging.make_wheel import make_wheel, record_hash

TOKEN = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0" + "P9o8N7m6L5k4J3i2"


def test_a_plan_knows_every_file_and_its_size(tmp_path: Path):
    plan = make_plan(tmp_path)

    assert (plan.code, plan.version) == ("yolov8", "0.1.0")
    assert paths_of(plan) == [
        "README.md",
        "config.yaml",
        "plugin/__init__.py",
        "plugin/train.py",
        "requirements.txt",
    ]
    assert plan.size_bytes == sum(len(text) for text in FILES.values())
    assert plan.warnings == ()
    assert plan.secrets == ()


def test_planning_changes_nothing(tmp_path: Path):
    write_files(tmp_path, FILES)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    build_plan(tmp_path, make_config())

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_document_is_json(tmp_path: Path):
    plan = make_plan(
        tmp_path,
        {".env": "A=1", "wheels/tiny-1.0-py3-none-any.whl": make_wheel(), "plugin/keys.py": f"'{TOKEN}'"},
    )

    document = json.loads(json.dumps(plan.to_document()))

    assert document["contents_digest"] == plan.contents_digest
    assert document["files"][0] == {
        "path": "README.md",
        "mode": "644",
        "size_bytes": 7,
        "digest": plan.files[0].file.digest,
    }
    assert document["left_out"][0]["path"] == ".env"
    assert document["wheels"][0]["name"] == "tiny"
    assert document["secrets"][0]["line"] == 1
    assert TOKEN not in json.dumps(document)


def test_the_digest_is_of_files_and_config(tmp_path: Path):
    plan = make_plan(tmp_path / "a")

    assert make_plan(tmp_path / "b").contents_digest == plan.contents_digest
    assert (
        make_plan(tmp_path / "c", {"plugin/train.py": "class TrainAction: pass\n"}).contents_digest
        != plan.contents_digest
    )
    assert make_plan(tmp_path / "d", version="0.2.0").contents_digest != plan.contents_digest
    assert make_plan(tmp_path / "e", {".env": "A=1"}).contents_digest == plan.contents_digest


def test_a_default_that_the_author_did_not_write_is_not_in_the_digest(tmp_path: Path):
    assert (
        make_plan(tmp_path / "a").contents_digest != make_plan(tmp_path / "b", description="").contents_digest
    )


def test_what_can_not_travel_is_an_archive_error(tmp_path: Path):
    write_files(tmp_path, FILES)
    (tmp_path / "plugin/data.txt").symlink_to("/etc/hostname")

    with pytest.raises(ArchiveError, match=r"plugin/data\.txt is a link to /etc/hostname") as caught:
        build_plan(tmp_path, make_config())

    assert caught.value.hint


@pytest.mark.parametrize(
    ("ignored", "path", "what"),
    [
        ("config.yaml", "config.yaml", "the plugin's config"),
        ("train.py", "plugin/train.py", "the entrypoint of action train"),
        ("/plugin/", "plugin/train.py", "the entrypoint of action train"),
        ("*.txt", "requirements.txt", "what the plugin needs installed"),
    ],
)
def test_a_file_that_the_plugin_needs_and_a_rule_keeps_behind_is_an_error(
    tmp_path: Path, ignored: str, path: str, what: str
):
    with pytest.raises(ArchiveError) as caught:
        make_plan(tmp_path, {".synapseignore": f"# mine\n{ignored}\n"})

    assert caught.value.message == f"{path} is left out by .synapseignore:2 ({ignored}): {what}."
    assert ".synapseignore" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "entrypoint", ["plugin.train:TrainAction", "plugin.train.TrainAction", "plugin:TrainAction"]
)
def test_both_spellings_of_an_entrypoint_are_found(tmp_path: Path, entrypoint: str):
    assert make_plan(tmp_path, actions={"train": {"entrypoint": entrypoint}}).warnings == ()


def test_an_entrypoint_that_names_no_file_of_the_plugins_package_is_an_error(tmp_path: Path):
    with pytest.raises(ActionNotFoundError) as caught:
        make_plan(tmp_path, actions={"test": {"entrypoint": "plugin.tset:TestAction"}})

    assert caught.value.message == (
        "actions.test.entrypoint: 'plugin.tset:TestAction' names no file: "
        "there is no plugin/tset.py or plugin/tset/__init__.py."
    )


def test_an_entrypoint_from_another_package_is_a_warning(tmp_path: Path):
    plan = make_plan(tmp_path, actions={"train": {"entrypoint": "company_actions.train:TrainAction"}})

    (warning,) = plan.warnings
    assert warning.startswith(
        "actions.train.entrypoint: company_actions.train is not in the folder; it must come"
    )


def test_a_readme_that_is_not_there_is_a_warning(tmp_path: Path):
    plan = make_plan(tmp_path, readme="docs/README.md")

    assert plan.warnings == ("docs/README.md is not there; the release will have no documentation",)


def test_a_readme_that_is_left_out_is_an_error_only_if_the_config_names_it(tmp_path: Path):
    ignore: dict[str, str | bytes] = {".synapseignore": "*.md\n"}

    (warning,) = make_plan(tmp_path, ignore).warnings
    assert warning.startswith(
        "README.md is left out by .synapseignore:1 (*.md): the plugin's readme; the release"
    )
    with pytest.raises(ArchiveError, match=r"left out by \.synapseignore:1"):
        make_plan(tmp_path, ignore, readme="README.md")


def test_lines_of_requirements_that_can_not_be_installed_are_named_together(tmp_path: Path):
    with pytest.raises(ValidationError) as caught:
        make_plan(tmp_path, {"requirements.txt": "numpy=2\nscipy\npip install x\n"})

    lines = caught.value.message.splitlines()
    assert lines[0] == "2 lines of requirements can not be installed:"
    assert [problem["line"] for problem in caught.value.details["problems"]] == [1, 3]


def test_a_config_from_elsewhere_travels_as_config_yaml(tmp_path: Path):
    other = write_files(tmp_path, {"staging.yaml": "name: Staging\n"}) / "staging.yaml"
    folder = write_files(tmp_path / "plugin-folder", FILES)

    plan = build_plan(folder, make_config(), config_file=other)

    (config,) = [planned for planned in plan.files if planned.file.path == "config.yaml"]
    assert config.location == other
    assert config.file.size_bytes == len("name: Staging\n")
    assert plan.warnings == ("staging.yaml travels as config.yaml, in place of the folder's own config.yaml",)


def test_naming_the_folders_own_config_is_the_same_as_not_naming_it(tmp_path: Path):
    plan = make_plan(tmp_path)

    assert build_plan(tmp_path, make_config(), config_file=tmp_path / "config.yaml") == plan


def test_a_sound_local_wheel_is_listed(tmp_path: Path):
    plan = make_plan(tmp_path, {"wheels/tiny-1.0-py3-none-any.whl": make_wheel()})

    assert [(wheel.name, wheel.version) for wheel in plan.wheels] == [("tiny", "1.0")]


def test_a_broken_wheel_stops_the_release(tmp_path: Path):
    path = "wheels/tiny-1.0-py3-none-any.whl"

    with pytest.raises(BuildError, match=path):
        make_plan(tmp_path, {path: b"not a zip"})
    with pytest.raises(ChecksumMismatchError, match=path):
        make_plan(tmp_path, {path: make_wheel(record={"tiny.py": record_hash(b"else")})})


def test_wheels_are_looked_for_where_the_config_says(tmp_path: Path):
    plan = make_plan(
        tmp_path,
        {"vendor/whl/tiny-1.0-py3-none-any.whl": make_wheel(), "wheels/other.whl": b"not looked at"},
        wheels_dir="vendor/whl/",
    )

    assert [wheel.path for wheel in plan.wheels] == ["vendor/whl/tiny-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("wheels_dir", ["/srv/wheels", "../wheels", "wheels/../../x"])
def test_a_folder_of_wheels_outside_the_plugin_is_refused(tmp_path: Path, wheels_dir: str):
    with pytest.raises(BuildError, match="leads out of the plugin folder"):
        make_plan(tmp_path, wheels_dir=wheels_dir)


def test_a_folder_of_wheels_that_is_named_and_not_there_is_a_warning(tmp_path: Path):
    assert make_plan(tmp_path, wheels_dir="whl").warnings == ("wheels_dir: there is no folder whl",)


@pytest.mark.parametrize(
    ("rule", "path"), [("*.whl", "wheels/tiny-1.0-py3-none-any.whl"), ("wheels/", "wheels")]
)
def test_a_wheel_that_git_does_not_keep_is_a_warning_with_the_way_on(tmp_path: Path, rule: str, path: str):
    files: dict[str, str | bytes] = {
        ".gitignore": f"{rule}\n",
        "wheels/tiny-1.0-py3-none-any.whl": make_wheel(),
    }

    (warning,) = make_plan(tmp_path, files).warnings
    assert warning.startswith(f"{path} is left out by .gitignore:1 ({rule}) and will not be installed; ")
    assert warning.endswith(f"add !{path} to .synapseignore if it should be")
    assert make_plan(tmp_path, {**files, ".synapseignore": f"!{path}\n"}).wheels


def test_two_versions_of_a_wheel_are_a_warning(tmp_path: Path):
    plan = make_plan(
        tmp_path,
        {
            "wheels/tiny-1.0-py3-none-any.whl": make_wheel(),
            "wheels/tiny-2.0-py3-none-any.whl": make_wheel(version="2.0"),
        },
    )

    assert len(plan.wheels) == 2
    assert "both tiny" in plan.warnings[0]


def test_secrets_do_not_stop_the_plan_and_stop_all_that_follows(tmp_path: Path):
    plan = make_plan(tmp_path, {"plugin/a.py": f"\n'{TOKEN}'\n", "notes.md": f"token: {TOKEN}\n"})

    with pytest.raises(SecretFoundError) as caught:
        plan.require_no_secrets()

    assert caught.value.message.splitlines() == [
        "Found what looks like 2 secrets in files that would travel:",
        "  notes.md:1: GitHub token: ghp_…",
        "  plugin/a.py:2: GitHub token: ghp_…",
    ]
    assert "--allow-secret notes.md" in (caught.value.hint or "")
    assert len(caught.value.details["findings"]) == 2


def test_an_allowed_secret_stops_nothing(tmp_path: Path):
    write_files(tmp_path, {**FILES, "tests/fake.py": TOKEN})

    plan = build_plan(tmp_path, make_config(), allow_secrets=["tests/fake.py"])

    plan.require_no_secrets()
    assert len(plan.allowed_secrets) == 1


def test_what_was_read_before_changes_no_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # As if every file had been written long ago.
    monkeypatch.setattr(known_files, "is_settled", lambda *_: True)
    large = "a = 1\n" * 300_000
    folder = write_files(
        tmp_path / "plugin",
        {
            **FILES,
            "keys.py": f"'{TOKEN}'",
            "fake.py": f"'{TOKEN}'",
            "wide.txt": f"token = {TOKEN}".encode("utf-16"),
            "large.py": large,
            "large_key.py": f"{large}'{TOKEN}'",
        },
    )

    def plan() -> ReleasePlan:
        return build_plan(folder, make_config(), allow_secrets=["fake.py"], cache_folder=tmp_path / "cache")

    first, again = plan(), plan()
    write_files(folder, {"large.py": f"{large}'{TOKEN}'"})
    changed = plan()

    assert first.contents_digest != changed.contents_digest
    assert [finding.path for finding in first.secrets] == ["keys.py", "large_key.py", "wide.txt"]
    assert again == first
    assert [finding.path for finding in changed.secrets] == [
        "keys.py",
        "large.py",
        "large_key.py",
        "wide.txt",
    ]


def test_a_config_from_elsewhere_is_searched(tmp_path: Path):
    folder = write_files(tmp_path / "plugin", FILES)
    other = write_files(tmp_path, {"other.yaml": f"code: yolov8\ntoken: {TOKEN}\n"}) / "other.yaml"

    assert build_plan(folder, make_config(), config_file=other).secrets


def test_a_secret_in_a_file_that_stays_behind_stops_nothing(tmp_path: Path):
    plan = make_plan(
        tmp_path, {".env": f"TOKEN={TOKEN}\n", ".synapseignore": "notes.md\n", "notes.md": TOKEN}
    )

    assert plan.secrets == ()


def test_an_environment_example_travels_and_is_read(tmp_path: Path):
    assert ".env.example" in paths_of(
        make_plan(tmp_path / "a", {".env.example": "API_TOKEN=your-token-here\n"})
    )
    assert make_plan(tmp_path / "b", {".env.example": f"API_TOKEN={TOKEN}\n"}).secrets


def test_the_working_folder_plays_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plan = make_plan(tmp_path)
    monkeypatch.chdir(tmp_path.parent)

    assert build_plan(Path(os.path.relpath(tmp_path)), make_config()).contents_digest == plan.contents_digest
