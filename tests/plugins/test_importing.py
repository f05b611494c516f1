"""A plugin's own modules: never another's, whatever the process has seen before. Each case is a process."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugins.scripts import say, write_files, write_plugin_folder

#: Runs plugins by folder; prints the result, or the kind of the refusal, or the whole error when asked.
PRELUDE = """
import os, sys, threading
from pathlib import Path
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.plugins import run_plugin

def go(folder, say=print):
    try:
        say(run_plugin(folder, "train", sinks=[]))
    except SynapseError as error:
        say(type(error).__name__)
        return error
"""

REFUSED = "ModuleNameTakenError"


def run_script(folder: Path, source: str) -> list[str]:
    return say(PRELUDE + source, folder)


@pytest.mark.parametrize("has_init", [True, False], ids=["package", "without __init__"])
@pytest.mark.parametrize("entrypoint", ["plugin.train:Train", "plugin.actions.train:Train"])
def test_two_plugins_with_one_package_name_never_run_each_others_code(
    tmp_path: Path, entrypoint: str, has_init: bool
):
    for code in ("a", "b"):
        write_plugin_folder(tmp_path / code, entrypoint=entrypoint, has_init=has_init)

    printed = run_script(tmp_path, "go('./a'); go('./b'); go('./a'); go('./b')")

    assert printed == ["a", REFUSED, "a", REFUSED]


def test_a_refusal_names_both_folders_and_the_way_on(tmp_path: Path):
    for code in ("a", "b"):
        write_plugin_folder(tmp_path / code)

    _, message, hint = run_script(
        tmp_path,
        "go('./a', say=lambda _: None); error = go('./b'); print(error.message); print(error.hint)",
    )

    assert "'plugin'" in message
    assert str(tmp_path / "a") in message
    assert str(tmp_path / "b") in message
    assert f"synapse plugin run ACTION --path {tmp_path / 'b'}" in hint
    assert "Rename 'plugin'" in hint


def test_other_module_names_let_two_plugins_share_a_process(tmp_path: Path):
    for code in ("a", "b"):
        write_plugin_folder(tmp_path / code, entrypoint=f"{code}_plugin.train:Train")

    assert run_script(tmp_path, "go('./a'); go('./b'); go('./a'); go('./b')") == ["a", "b", "a", "b"]


def test_in_threads_each_plugin_runs_its_own_code_or_is_refused(tmp_path: Path):
    for code in ("a", "b"):
        write_plugin_folder(tmp_path / code)

    printed = run_script(
        tmp_path,
        """
seen = []
def work(code):
    go(f"./{code}", say=lambda answer: seen.append((code, answer)))
threads = [threading.Thread(target=work, args=(code,)) for code in "abababab"]
for thread in threads: thread.start()
for thread in threads: thread.join()
wrong = [pair for pair in seen if pair[1] not in (pair[0], "ModuleNameTakenError")]
print(len(seen), wrong, len({answer for _, answer in seen}))
""",
    )

    assert printed == ["8 [] 2"]


def test_a_helper_imported_late_by_two_plugins_is_refused_rather_than_mixed_up(tmp_path: Path):
    for code in ("a", "b"):
        write_plugin_folder(
            tmp_path / code,
            entrypoint=f"{code}_plugin.train:Train",
            body="import helpers",
            result="helpers.NAME",
            files={"helpers.py": f"NAME = 'helper of {code}'\n"},
        )

    printed = run_script(
        tmp_path,
        """
from synapse_sdk.plugins import LocalExecutor, PluginDiscovery
loaded = [PluginDiscovery.from_path(code).get_action_class("train") for code in "ab"]
for cls in loaded:
    try:
        print(LocalExecutor(sinks=[]).execute(cls, {}))
    except SynapseError as error:
        print(type(error.__cause__).__name__)
""",
    )

    assert set(printed) <= {REFUSED}  # both hold it before either has used it


def test_a_helper_that_the_first_has_used_stays_the_firsts(tmp_path: Path):
    for code in ("a", "b"):
        write_plugin_folder(
            tmp_path / code,
            entrypoint=f"{code}_plugin.train:Train",
            body="import helpers",
            result="helpers.NAME",
            files={"helpers.py": f"NAME = 'helper of {code}'\n"},
        )

    assert run_script(tmp_path, "go('./a'); go('./b'); go('./a')") == ["helper of a", REFUSED, "helper of a"]


def test_helpers_of_a_package_without_init_are_not_found_in_the_other_plugin(tmp_path: Path):
    for code in ("a", "b"):
        write_plugin_folder(
            tmp_path / code,
            entrypoint=f"plugin.actions.{code}:Train",
            has_init=False,
            imports="from plugin.actions import common",
            result="common.NAME",
            files={"plugin/actions/common.py": f"NAME = {code!r}\n"},
        )

    assert run_script(tmp_path, "go('./a'); go('./b')") == ["a", REFUSED]


@pytest.mark.parametrize(
    ("first", "second"),
    [("a", "a/examples/inner"), ("a/examples/inner", "a")],
    ids=["outer first", "inner first"],
)
def test_a_plugin_inside_another_plugins_folder_is_another_plugin(tmp_path: Path, first: str, second: str):
    write_plugin_folder(tmp_path / "a")
    write_plugin_folder(tmp_path / "a/examples/inner")

    printed = run_script(tmp_path, f"go('./{first}'); go('./{second}')")

    assert printed == [Path(first).name, REFUSED]


# What the process had imported before


def test_a_package_of_another_plugin_imported_from_the_current_folder_is_not_taken_for_ones_own(
    tmp_path: Path,
):
    for code in ("a", "b"):
        write_plugin_folder(tmp_path / code)

    printed = run_script(
        tmp_path,
        """
os.chdir("b"); sys.path.insert(0, "")
import plugin.train
error = go("../a"); print(error.details["taken_by"]); go(".")
""",
    )

    assert printed == [REFUSED, str(tmp_path / "b/plugin/__init__.py"), "b"]


def test_ones_own_package_imported_from_the_current_folder_is_ones_own(tmp_path: Path):
    folder = write_plugin_folder(tmp_path / "a")
    (tmp_path / "link").symlink_to(folder)

    printed = run_script(
        tmp_path, "sys.path.insert(0, 'link'); import plugin.train; go('./a'); go(Path('link').absolute())"
    )

    assert printed == ["a", "a"]


def test_the_plugin_comes_before_a_package_of_that_name_in_the_current_folder(tmp_path: Path):
    for code in ("a", "b"):
        write_plugin_folder(tmp_path / code)

    assert run_script(tmp_path, "sys.path.insert(0, 'b'); go('./a')") == ["a"]


def test_a_helper_of_the_host_is_not_taken_for_the_plugins(tmp_path: Path):
    write_files(tmp_path, {"host/helpers.py": "NAME = 'host'\n"})
    write_plugin_folder(
        tmp_path / "a", imports="import helpers", result="helpers.NAME", files={"helpers.py": "NAME = 'a'\n"}
    )

    printed = run_script(tmp_path, "sys.path.insert(0, 'host'); import helpers; go('./a')")

    assert printed == [REFUSED]


def test_a_folder_that_the_plugin_never_imports_does_no_harm(tmp_path: Path):
    write_files(tmp_path, {"host/tests/__init__.py": "", "host/tests/helpers.py": ""})
    files = {"tests/__init__.py": "", "tests/test_a.py": "from tests.helpers import x\n"}
    write_plugin_folder(tmp_path / "a", files=files)

    assert run_script(tmp_path, "sys.path.insert(0, 'host'); import tests.helpers; go('./a')") == ["a"]


def test_an_installed_package_of_the_same_name_gives_way_when_nobody_has_imported_it(tmp_path: Path):
    write_plugin_folder(tmp_path / "a", entrypoint="click.train:Train")

    assert run_script(tmp_path, "go('./a')") == ["a"]
    assert run_script(tmp_path, "import click; go('./a')") == [REFUSED]


def test_a_package_named_like_this_sdk_is_refused(tmp_path: Path):
    write_plugin_folder(tmp_path / "a", entrypoint="synapse_sdk.train:Train")

    assert run_script(tmp_path, "go('./a')") == [REFUSED]


# Names of the standard library


@pytest.mark.parametrize("name", ["json", "wave"], ids=["imported already", "not imported yet"])
def test_a_package_named_like_one_of_python_is_refused(tmp_path: Path, name: str):
    write_plugin_folder(tmp_path / "a", entrypoint=f"{name}.train:Train")

    printed = run_script(tmp_path, "error = go('./a'); print(error.details['taken_by']); print(error.hint)")

    assert printed == [REFUSED, "Python's standard library", f"Rename {name!r} there."]


def test_a_module_named_like_one_of_python_is_refused_if_the_plugin_imports_it(tmp_path: Path):
    write_plugin_folder(tmp_path / "a", body="import wave", files={"wave.py": ""})

    assert run_script(tmp_path, "go('./a')") == [REFUSED]


def test_a_module_named_like_one_of_python_never_takes_the_place_of_pythons(tmp_path: Path):
    files = {f"{name}.py": "raise SystemExit('not me')\n" for name in ("queue", "difflib", "secrets", "code")}
    write_plugin_folder(tmp_path / "a", files=files)

    printed = run_script(
        tmp_path, "go('./a'); import code, difflib, queue, secrets; print(queue.Queue.__name__)"
    )

    assert printed == ["a", "Queue"]


def test_modules_inside_the_package_may_be_called_like_modules_of_python(tmp_path: Path):
    files = {"plugin/json.py": "X = 'mine'\n", "plugin/logging.py": "Y = 'also mine'\n"}
    write_plugin_folder(
        tmp_path / "a",
        imports="import json as theirs\nfrom plugin import json\nfrom .logging import Y",
        result="[json.X, Y, theirs.dumps(1)]",
        files=files,
    )

    assert run_script(tmp_path, "go('./a')") == ["['mine', 'also mine', '1']"]


# A second use


def test_one_folder_under_many_names_is_one_plugin(tmp_path: Path):
    folder = write_plugin_folder(tmp_path / "a")
    (tmp_path / "link").symlink_to(folder)

    printed = run_script(tmp_path, "go('./a'); go(Path('a').absolute()); go('./link'); go('./a/../a')")

    assert printed == ["a", "a", "a", "a"]


def test_a_package_that_is_a_link_inside_the_folder_is_the_plugins_own(tmp_path: Path):
    folder = write_plugin_folder(tmp_path / "a")
    (folder / "plugin").rename(folder / "code_of_a")
    (folder / "plugin").symlink_to("code_of_a")

    printed = run_script(
        tmp_path,
        """
from synapse_sdk.plugins import PluginDiscovery
for _ in range(2):
    print(PluginDiscovery.from_path("a").get_action_class("train").__name__)
""",
    )

    assert printed == ["Train", "Train"]


def test_after_an_import_that_failed_the_mended_code_runs(tmp_path: Path):
    folder = write_plugin_folder(tmp_path / "a", imports="raise RuntimeError('not yet')")
    write_plugin_folder(tmp_path / "mended/a")
    mended = tmp_path / "mended/a/plugin/train.py"

    printed = run_script(
        tmp_path, f"go('./a'); os.replace({str(mended)!r}, {str(folder / 'plugin/train.py')!r}); go('./a')"
    )

    assert printed == ["ModuleImportError", "a"]


def test_spawned_children_of_an_action_find_the_plugins_modules(tmp_path: Path):
    write_plugin_folder(
        tmp_path / "a",
        imports="import multiprocessing\nfrom plugin.work import double",
        body="""
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.map(double, [1, 2])
            pool.close()
            pool.join()
""".strip(),
        result="found",
        files={"plugin/work.py": "def double(x):\n    return 2 * x\n"},
    )

    assert run_script(tmp_path, "go('./a')") == ["[2, 4]"]


# What an entrypoint may name


def test_the_hint_names_the_config_that_is_there(tmp_path: Path):
    folder = write_plugin_folder(tmp_path / "a")
    config = folder / "config.yaml"
    (folder / "synapse.yaml").write_text(
        config.read_text().replace("plugin.train:Train", "plugin.tran:Train")
    )
    config.unlink()

    printed = run_script(tmp_path, "error = go('./a'); print(error.hint)")

    assert "actions.train.entrypoint in synapse.yaml" in printed[1]


@pytest.mark.parametrize(
    ("entrypoint", "message", "hint"),
    [
        ("plugin.tran:Train", "Action not found: train. The entrypoint 'plugin.tran:Train' names the module",
         "actions.train.entrypoint in config.yaml"),
        ("plugni.train:Train", "names the module 'plugni'", "actions.train.entrypoint"),
        ("plugin.train:Trian", "names 'Trian', which is not in", "Did you mean 'Train'?"),
        ("plugin.train:BaseModel", "names 'BaseModel'", "actions.train.entrypoint"),
    ],
)  # fmt: skip
def test_an_entrypoint_that_names_nothing_says_what_is_missing(
    tmp_path: Path, entrypoint: str, message: str, hint: str
):
    folder = write_plugin_folder(tmp_path / "a")
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("plugin.train:Train", entrypoint))

    printed = run_script(tmp_path, "error = go('./a'); print(error.message); print(error.hint)")

    assert printed[0] == "ActionNotFoundError"
    assert message in printed[1]
    assert hint in printed[2]


def test_a_missing_library_names_requirements_and_not_the_entrypoint(tmp_path: Path):
    write_plugin_folder(tmp_path / "a", imports="import a_library_that_is_not_there.inner")

    printed = run_script(tmp_path, "error = go('./a'); print(error.message); print(error.hint)")

    assert printed[0] == "ModuleImportError"
    assert "needs the module 'a_library_that_is_not_there'" in printed[1]
    assert "requirements.txt" in printed[2]


def test_both_forms_of_an_entrypoint_load(tmp_path: Path):
    write_plugin_folder(tmp_path / "a", entrypoint="plugin.train:Train")
    config = tmp_path / "a/config.yaml"
    config.write_text(config.read_text().replace("plugin.train:Train", "plugin.train.Train"))

    assert run_script(tmp_path, "go('./a')") == ["a"]
