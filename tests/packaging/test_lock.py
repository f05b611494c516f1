"""Locks: resolved by the real uv from a small index in a folder; nothing here depends on a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk._internal.errors import MissingExtraError, NotReachableError, SynapseError
from synapse_sdk._version import __version__
from synapse_sdk.packaging.lock import Lock, find_uv, list_core_requirements, make_lock
from synapse_sdk.plugins.config import PluginConfig
from synapse_sdk.plugins.errors import BuildError, ValidationError
from tests.manifest.folders import write_files
from tests.packaging.make_wheel import make_wheel

PLATFORM = "linux-x86_64"
CONFIG = {"name": "Mine", "code": "mine", "version": "0.1.0", "category": "custom", "actions": {}}


def wheel(name: str, version: str, *, needs: tuple[str, ...] = ()) -> bytes:
    info = f"{name}-{version}.dist-info/METADATA"
    lines = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *map("Requires-Dist: {}".format, needs),
    ]
    return make_wheel(name, version, members={info: "\n".join([*lines, "", ""]).encode()})


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of wheels: what the SDK needs, and a few packages for plugins."""
    folder = tmp_path_factory.mktemp("index")

    def add(name: str, version: str, *needs: str) -> None:
        (folder / f"{name}-{version}-py3-none-any.whl").write_bytes(wheel(name, version, needs=needs))

    for requirement in map(Requirement, list_core_requirements()):
        add(requirement.name.replace("-", "_"), "99.0")
    for version in ("1.0", "1.5", "2.0"):
        add("numbers_of", version)
    add("models_of", "3.1", "numbers-of<2")
    add("pictures_of", "1.0", "numbers-of>=2")
    # What the vendor's index would have under our name.
    add("synapse_sdk", "2025.1.0")
    add("asks_for_sdk", "1.0", "synapse-sdk>=2020")
    return folder


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    folder = tmp_path / "my-plugin"
    folder.mkdir()
    return folder


@pytest.fixture
def lock(plugin: Path, index: Path) -> Any:
    """Write files into the plugin and lock it."""

    def make(files: dict[str, str | bytes], *options: str, **arguments: Any) -> Lock:
        write_files(plugin, files)
        document = {
            **CONFIG,
            "package_manager_options": ["--no-index", "--find-links", str(index), *options],
        }
        return make_lock(
            plugin,
            PluginConfig.model_validate(document),
            **{"python_version": "3.11", "platform": PLATFORM, **arguments},
        )

    return make


def pins(lock: Lock) -> list[str]:
    """Return its packages without those that the SDK needs."""
    core = {Requirement(text).name.lower() for text in list_core_requirements()}
    found = [line.removesuffix(" \\") for line in lock.text.splitlines() if not line.startswith(" ")]
    return [line for line in found if line.partition("==")[0] not in core]


# What is in it


def test_a_plugin_without_requirements_is_locked_with_what_the_sdk_needs(lock: Any) -> None:
    made = lock({})

    core = {Requirement(text).name.lower() for text in list_core_requirements()}
    names = [line.partition("==")[0] for line in made.text.splitlines() if not line.startswith(" ")]
    assert set(names) == core
    assert {"click", "httpx", "pydantic"} <= core
    assert "sqlalchemy" not in core  # an extra's
    assert made.package_count == len(core)
    assert made.digest == digest_bytes(made.text.encode())


def test_requirements_and_the_files_that_they_include_are_locked_with_hashes(lock: Any, index: Path) -> None:
    made = lock(
        {"requirements.txt": "-r more/models.txt\n# a comment\n", "more/models.txt": "models-of # newest\n"}
    )

    assert pins(made) == ["models-of==3.1", "numbers-of==1.5"]
    digest = digest_bytes((index / "numbers_of-1.5-py3-none-any.whl").read_bytes())
    assert f"numbers-of==1.5 \\\n    --hash={digest}\n" in made.text


def test_without_requirements_txt_the_dependencies_of_pyproject_count(lock: Any) -> None:
    project = '[project]\nname = "mine"\nversion = "0.1.0"\ndependencies = [\n  "numbers-of<2",\n]\n'

    assert pins(lock({"pyproject.toml": project})) == ["numbers-of==1.5"]
    assert pins(lock({"requirements.txt": "numbers-of"})) == ["numbers-of==2.0"]


def test_the_same_input_gives_the_same_text_with_no_place_in_it(
    lock: Any, plugin: Path, index: Path, tmp_path: Path
) -> None:
    files = {"requirements.txt": "models-of\n./wheels/tiny-1.0-py3-none-any.whl\n"}
    first = lock({**files, "wheels/tiny-1.0-py3-none-any.whl": make_wheel()})
    plugin.rename(tmp_path / "elsewhere")
    plugin.mkdir()
    second = lock({**files, "wheels/tiny-1.0-py3-none-any.whl": make_wheel()})

    assert first == second
    for place in (str(tmp_path), str(index), "file:", "--find-links", "--index-url", "#"):
        assert place not in first.text


# The SDK itself


@pytest.mark.parametrize(
    "line",
    [
        "synapse-sdk",
        "Synapse_SDK[all]>=2026.1",
        "synapse.sdk==" + __version__,
        'synapse-sdk<1; python_version<"3"',
    ],
)
def test_this_sdk_is_not_locked_whoever_asks_for_it(lock: Any, line: str) -> None:
    assert pins(lock({"requirements.txt": f"{line}\nasks-for-sdk\n"})) == ["asks-for-sdk==1.0"]


def test_a_local_wheel_of_an_sdk_is_not_locked_either(lock: Any) -> None:
    wheel_file = "wheels/synapse_sdk-2025.1.0-py3-none-any.whl"

    assert pins(lock({wheel_file: wheel("synapse_sdk", "2025.1.0")})) == []


def test_a_lock_is_made_for_its_target(lock: Any) -> None:
    requirements = "numbers-of<2; python_version<'3.12'\npictures-of; sys_platform=='darwin'\n"

    def made_for(python_version: str, platform: str) -> list[str]:
        return pins(
            lock({"requirements.txt": requirements}, python_version=python_version, platform=platform)
        )

    assert made_for("3.11", "linux-x86_64") == ["numbers-of==1.5"]
    assert made_for("3.12", "linux-aarch64") == []
    assert made_for("3.12", "macosx-arm64") == ["numbers-of==2.0", "pictures-of==1.0"]


def test_a_plugin_that_asks_for_another_sdk_is_told_which_one_it_gets(lock: Any) -> None:
    with pytest.raises(
        ValidationError, match=r"requirements.txt:2: synapse-sdk<2026: this is synapse-sdk"
    ) as caught:
        lock({"requirements.txt": "numbers-of\nsynapse-sdk<2026\n"})

    assert __version__ in caught.value.message
    assert caught.value.details["problems"] == [
        {"file": "requirements.txt", "line": 2, "problem": "synapse-sdk<2026"}
    ]


# Local wheels


@pytest.mark.parametrize(
    "requirements",
    [
        "",
        "tiny",
        "./wheels/tiny-1.0-py3-none-any.whl",
        "wheels/tiny-1.0-py3-none-any.whl",
        "tiny @ wheels/tiny-1.0-py3-none-any.whl",
    ],
)
def test_a_local_wheel_is_locked_by_its_path_in_the_release(lock: Any, requirements: str) -> None:
    data = make_wheel()

    made = lock({"requirements.txt": requirements, "wheels/tiny-1.0-py3-none-any.whl": data})

    assert f"tiny @ wheels/tiny-1.0-py3-none-any.whl \\\n    --hash={digest_bytes(data)}\n" in made.text


def test_a_lock_can_be_installed_from_the_folder_of_the_release(
    lock: Any, plugin: Path, index: Path, tmp_path: Path
) -> None:
    made = lock({"requirements.txt": "models-of", "wheels/tiny-1.0-py3-none-any.whl": make_wheel()})
    (tmp_path / "lock.txt").write_text(made.text)

    command = [
        *(find_uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", tmp_path / "env"),
        *("--no-index", "--find-links", index, "--require-hashes", "--requirement", tmp_path / "lock.txt"),
    ]
    subprocess.run(command, cwd=plugin, check=True)

    installed = {path.name for path in (tmp_path / "env").glob("*.dist-info")}
    assert {"tiny-1.0.dist-info", "models_of-3.1.dist-info", "numbers_of-1.5.dist-info"} <= installed


def test_of_several_wheels_the_newest_that_fits_the_target_is_taken(lock: Any) -> None:
    made = lock(
        {
            "wheels/tiny-9.0-cp312-cp312-manylinux_2_17_x86_64.whl": make_wheel(version="9.0"),
            "wheels/tiny-8.0-cp311-cp311-win_amd64.whl": make_wheel(version="8.0"),
            "wheels/tiny-7.0-cp311-cp311-manylinux_2_17_aarch64.whl": make_wheel(version="7.0"),
            "wheels/tiny-1.10-cp311-cp311-manylinux_2_17_x86_64.whl": make_wheel(version="1.10"),
            "wheels/tiny-1.9-py3-none-any.whl": make_wheel(version="1.9"),
        }
    )

    assert pins(made) == ["tiny @ wheels/tiny-1.10-cp311-cp311-manylinux_2_17_x86_64.whl"]


def test_only_the_wheels_that_travel_are_locked(lock: Any) -> None:
    assert pins(lock({"wheels/tiny-1.0-py3-none-any.whl": make_wheel()}, wheels=[])) == []


def test_a_wheel_of_which_none_fits_is_refused(lock: Any) -> None:
    with pytest.raises(BuildError, match=r"win_amd64.whl does not fit Python 3.11 on linux-x86_64"):
        lock({"wheels/tiny-1.0-cp311-cp311-win_amd64.whl": make_wheel()})


# What can not be locked


def test_a_requirement_that_nobody_has_is_told_with_its_line_and_the_reason(lock: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        lock(
            {
                "requirements.txt": "-r more.txt\n",
                "more.txt": "numbers-of\n\nnowhere-to-be-found >= 3  # why\n",
            }
        )

    assert caught.value.message.startswith("more.txt:3: nowhere-to-be-found >= 3 can not be resolved.\n")
    assert "nowhere-to-be-found was not found" in " ".join(caught.value.message.split())
    assert caught.value.details["problems"] == [
        {"file": "more.txt", "line": 3, "problem": "nowhere-to-be-found >= 3"}
    ]


def test_requirements_that_exclude_each_other_are_all_named(lock: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        lock({"requirements.txt": "models-of\npictures_of\nasks-for-sdk\n"})

    assert [problem["line"] for problem in caught.value.details["problems"]] == [1, 2]
    assert caught.value.message.startswith(
        "2 requirements can not be resolved together:\n  requirements.txt:1: "
    )


def test_a_requirement_of_pyproject_that_nobody_has_is_told_with_its_line(lock: Any) -> None:
    project = '[project]\nname = "mine"\nversion = "0.1.0"\ndependencies = [\n  "nowhere-to-be-found",\n]\n'

    with pytest.raises(ValidationError, match=r"pyproject.toml:5: nowhere-to-be-found can not be resolved"):
        lock({"pyproject.toml": project})


def test_a_requirement_that_contradicts_the_sdks_own_names_the_plugins_line(lock: Any) -> None:
    with pytest.raises(ValidationError, match=r"requirements.txt:1: pydantic<2 can not be resolved"):
        lock({"requirements.txt": "pydantic<2"})


def test_a_line_that_is_no_requirement_is_told_with_its_number(lock: Any) -> None:
    with pytest.raises(ValidationError, match=r"requirements.txt:3: numbers-of>=2 oops can not be resolved"):
        lock({"requirements.txt": "# one\n# two\nnumbers-of>=2 oops\n"})


@pytest.mark.parametrize("line", ["-e .", ".", "./libs/mine", "--editable=libs/mine", "mine/"])
def test_a_folder_of_sources_can_not_be_locked(lock: Any, line: str) -> None:
    with pytest.raises(BuildError, match=r"requirements.txt:1: .* a folder of sources has no digest"):
        lock({"requirements.txt": line, "libs/mine/setup.py": "", "mine/setup.py": ""})


def test_a_wheel_outside_of_the_plugin_can_not_travel(lock: Any, tmp_path: Path) -> None:
    place = tmp_path / "tiny-1.0-py3-none-any.whl"
    place.write_bytes(make_wheel())

    with pytest.raises(
        BuildError, match=r"requirements.txt:2: .* outside the plugin's folder can not travel"
    ):
        lock({"requirements.txt": f"numbers-of\ntiny @ {place.as_uri()}\n"})


def test_an_index_that_does_not_answer_is_told_as_such_and_without_its_password(
    plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    write_files(
        plugin, {"requirements.txt": "--index-url http://me:hunter2@127.0.0.1:9/simple\nnumbers-of\n"}
    )

    with pytest.raises(NotReachableError, match="index could not be asked") as caught:
        make_lock(plugin, PluginConfig.model_validate(CONFIG))

    assert "127.0.0.1:9" in caught.value.message
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        "tiny @ https://me:hunter2@127.0.0.1:9/tiny-1.0-py3-none-any.whl",
        "tiny @ https://me:hunter2@127.0.0.1:9/tiny-1.0-py3-none-any.whl oops",
        "tiny oops @ https://me:hunter2@127.0.0.1:9/tiny-1.0-py3-none-any.whl",
    ],
)
def test_the_password_of_an_address_is_not_shown(
    lock: Any, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(SynapseError, match="tiny") as caught:
        lock({"requirements.txt": line})

    assert "hunter2" not in f"{caught.value!r} {caught.value.hint}"


def test_without_uv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)

    with pytest.raises(MissingExtraError) as caught:
        find_uv()

    assert "[isolated]" in str(caught.value.hint)


# package_manager_options


def test_options_of_resolving_count_and_those_of_installing_do_not(lock: Any) -> None:
    made = lock(
        {"requirements.txt": "numbers-of"}, "--upgrade", "--resolution=lowest", "--timeout", "5", "-q"
    )

    assert pins(made) == ["numbers-of==1.0"]


def test_an_index_with_a_password_is_in_no_argument(
    lock: Any, plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real_run = subprocess.run

    def run(command: Any, **options: Any) -> Any:
        seen.extend(map(str, command))
        return real_run(command, **options)

    monkeypatch.setattr(subprocess, "run", run)
    lock({}, "--extra-index-url", "https://me:hunter2@127.0.0.1:9/simple")

    assert seen
    assert not any("hunter2" in word for word in seen)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--no-deps",), "--no-deps can not be carried over"),
        (("--extra-index-ulr", "x"), "--extra-index-ulr can not be carried over"),
        (("--index-strategy",), "--index-strategy needs a value"),
        (("--extra-index-url=",), "--extra-index-url needs a value"),
    ],
)
def test_an_option_that_a_lock_can_not_honour_is_refused(
    lock: Any, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        lock({}, *options)
