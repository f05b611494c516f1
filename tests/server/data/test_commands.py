"""`synapse dataset` and `synapse model` against a server, as a person and as a program sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workspace.folders import make_folder, make_model

from synapse_sdk.clients.remote_workspace import RemoteWorkspace
from synapse_sdk.settings import update_config_file


@pytest.fixture
def logged_in(synapse, server):
    """The real command line, logged in to the server as a developer."""
    config = {"host": server.url, "access_token": server.token("developer")}
    update_config_file(synapse.home / ".synapse/config.json", config)
    return synapse


@pytest.fixture
def saved(server, tmp_path):
    """A model on the server."""
    workspace = RemoteWorkspace(server.url, server.token("developer"), cache_folder=tmp_path / "cache")
    model = workspace.create_model(make_model(tmp_path / "best.pt"), name="digits", metrics={"f1": 0.5})
    workspace.close()
    return model


def test_whoever_is_logged_in_means_the_server(logged_in, server, tmp_path):
    folder = make_folder(tmp_path / "digits")

    first = logged_in("dataset", "register", folder)
    again = logged_in("dataset", "register", folder, "--workspace", "default", "--json")

    assert first.returncode == 0, first
    assert f"server      {server.url}\n" in first.stdout
    assert "splits      train 2 · validation (val/) 1 · test 1\n" in first.stdout
    assert "Registered as dataset 1 (digits), version 1; 29 bytes were sent." in first.stderr
    assert "--mode remote" in first.stderr
    assert again.json()["outcome"] == "unchanged"
    assert "Nothing new: this is dataset 1 (digits), version 1." in again.stderr
    assert logged_in("dataset", "list").stdout.splitlines()[1].split()[:4] == ["1", "digits", "1", "5"]


def test_local_is_still_there(logged_in, tmp_path):
    logged_in("dataset", "register", make_folder(tmp_path / "digits"), "--workspace", "local")

    assert logged_in("dataset", "list", "--json").json() == {"datasets": []}
    (local,) = logged_in("dataset", "list", "--workspace", "local", "--json").json()["datasets"]
    assert local["workspace"] == "local"


def test_show_lists_the_versions_on_the_server(logged_in, tmp_path):
    folder = make_folder(tmp_path / "digits")
    logged_in("dataset", "register", folder)
    (folder / "labels.csv").write_text("a,1")
    logged_in("dataset", "register", folder)

    shown = logged_in("dataset", "show", "digits")

    assert "version     2\n" in shown.stdout
    assert len(shown.stdout.splitlines()) == 11
    assert [item["number"] for item in logged_in("dataset", "show", "1", "--json").json()["versions"]] == [
        1,
        2,
    ]


def test_models_are_listed_shown_and_exported(logged_in, server, saved):
    header, line = logged_in("model", "list").stdout.splitlines()
    shown = logged_in("model", "show", "1")
    exported = logged_in("model", "export", "1", "mine.pt")
    refused = logged_in("model", "export", "1", "mine.pt")

    assert header.split() == ["id", "name", "category", "size", "saved", "metrics"]
    assert line.split()[:2] == ["1", "digits"]
    assert f"server    {server.url}\n" in shown.stdout
    assert exported.stdout == "mine.pt\n"
    copy = Path(logged_in.cwd / "mine.pt")
    assert copy.read_text() == "weights"
    assert copy.stat().st_mode & 0o200
    assert refused.returncode == 2
    assert "exists already" in refused.stderr
    assert sorted(path.name for path in logged_in.cwd.iterdir()) == ["mine.pt"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("dataset", "show", "7"), 2, "There is no dataset 7; this workspace has none yet."),
        (("model", "show", "7"), 2, "There is no model 7; this workspace has none yet."),
        (("dataset", "list", "--workspace", "other"), 3, "no part in the workspace 'other'"),
        (("dataset", "list", "--workspace", "local", "--host", "http://x"), 2, "--workspace local"),
    ],
)
def test_what_is_asked_wrongly_is_told(logged_in, args, code, said):
    finished = logged_in(*args)

    assert finished.returncode == code
    assert said in finished.stderr


def test_a_server_without_a_login_says_how_to_get_one(synapse):
    finished = synapse("dataset", "list", "--workspace", "default")

    assert finished.returncode == 3
    assert "Not authenticated" in finished.stderr
    assert "synapse login" in finished.stderr


def test_a_server_that_is_away_is_named(synapse):
    update_config_file(
        synapse.home / ".synapse/config.json", {"host": "http://127.0.0.1:9", "access_token": "x"}
    )

    finished = synapse("model", "list")

    assert finished.returncode == 3
    assert "http://127.0.0.1:9 can not be reached" in finished.stderr
