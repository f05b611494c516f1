"""Who this process is for a server and its agent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.clients.agent import AgentClient
from synapse_sdk.clients.login import NotLoggedInError, open_transport
from synapse_sdk.utils import auth
from synapse_sdk.utils.agent import create_agent_client, create_agent_client_for

NAMES = (
    "SYNAPSE_HOST", "SYNAPSE_ACCESS_TOKEN", "SYNAPSE_PLUGIN_RUN_USER_TOKEN", "SYNAPSE_PLUGIN_RUN_TENANT",
    "SYNAPSE_AGENT_URL", "SYNAPSE_AGENT_TOKEN",
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SYNAPSE_HOME", str(tmp_path))
    return tmp_path


def log_in(home: Path, **stored: object) -> None:
    (home / "config.json").write_text(json.dumps(stored))


def test_without_a_login_there_is_no_client(home: Path):
    assert home / "config.json" == auth.CONFIG_FILE
    assert auth.load_credentials() == auth.Credentials()
    assert auth.create_backend_client() is None
    assert auth.build_runtime_clients() == auth.RuntimeClients()
    assert create_agent_client() is None


def test_the_environment_wins_over_the_login(home: Path, monkeypatch: pytest.MonkeyPatch):
    log_in(home, host="http://login", access_token="from-login", tenant="mine")
    monkeypatch.setenv("SYNAPSE_ACCESS_TOKEN", "from-environment")

    found = auth.load_credentials()

    assert found == auth.Credentials("http://login", "from-environment", None, "mine")


@pytest.mark.parametrize("stored", [{"access_token": "mine"}, {"user_token": "mine"}])
def test_a_token_of_the_login_goes_to_no_other_server(
    home: Path, monkeypatch: pytest.MonkeyPatch, stored: dict[str, str]
):
    log_in(home, host="http://login:8000/", **stored)

    monkeypatch.setenv("SYNAPSE_HOST", "http://LOGIN:8000")
    assert auth.create_backend_client() is not None

    monkeypatch.setenv("SYNAPSE_HOST", "http://elsewhere:8000")
    assert auth.load_credentials() == auth.Credentials("http://elsewhere:8000")
    assert auth.create_backend_client() is None
    with pytest.raises(NotLoggedInError, match="there is no token for http://elsewhere:8000"):
        open_transport()


def test_tokens_do_not_show(home: Path):
    log_in(home, host="http://login", access_token="s3cret-a", user_token="s3cret-b")

    assert "s3cret" not in f"{auth.load_credentials()!r} {auth.build_runtime_clients()!r}"


@pytest.mark.parametrize("token", [{"access_token": "abc"}, {"user_token": "abc"}])
def test_a_login_makes_a_client(home: Path, token: dict[str, str]):
    log_in(home, host="http://127.0.0.1:8000/", **token)

    clients = auth.build_runtime_clients()

    assert clients.client_v1 is not None
    assert clients.client_v1.base_url == "http://127.0.0.1:8000"
    assert clients.client_v2 is None
    assert auth.create_backend_client_v2() is None


def test_an_address_that_is_none_is_told(home: Path):
    log_in(home, host="nonsense", access_token="abc")

    with pytest.raises(SynapseError, match="'nonsense' is no address of a server"):
        auth.create_backend_client()


def test_an_agent_of_the_environment_or_of_the_configuration(home: Path, monkeypatch: pytest.MonkeyPatch):
    log_in(home, agent={"id": 3, "url": "http://stored:8001", "token": "t"})
    assert repr(create_agent_client()) == "AgentClient('http://stored:8001')"

    monkeypatch.setenv("SYNAPSE_AGENT_URL", "http://mine:8002")
    assert repr(create_agent_client()) == "AgentClient('http://stored:8001')"  # half of a pair is none
    monkeypatch.setenv("SYNAPSE_AGENT_TOKEN", "t")
    assert repr(create_agent_client()) == "AgentClient('http://mine:8002')"


def test_an_agent_that_a_server_names():
    script = f"curl http://host/agents/{'0a' * 20}/node_install_script | sh"

    assert isinstance(create_agent_client_for({"url": "http://a", "token": "t"}), AgentClient)
    assert isinstance(
        create_agent_client_for({"url": "http://a", "node_install_script": script}), AgentClient
    )
    with pytest.raises(SynapseError, match="The record of west has no address and no token"):
        create_agent_client_for({"id": 7, "name": "west"})


def test_a_configuration_without_sense_is_told(home: Path):
    log_in(home, agent="west")

    with pytest.raises(SynapseError, match="is a str, and no agent"):
        create_agent_client()
