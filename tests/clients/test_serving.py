"""The header that names a model, and an agent's interface to what it serves."""

from __future__ import annotations

import asyncio
import base64
import json
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.labelling_server import labelling_server
from tests.server.conftest import RunningServer

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.clients.agent import AgentClient
from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.clients.serving import (
    ServedModel,
    create_serve_multiplexed_model_id,
    read_serve_multiplexed_model_id,
)
from synapse_sdk.plugins import BaseServeDeployment
from synapse_sdk.plugins.errors import ModelLoadError

URL = "http://server.example"


def test_a_model_is_read_as_it_was_named():
    named = create_serve_multiplexed_model_id(7, "secret", URL, "lab")

    assert read_serve_multiplexed_model_id(named, URL) == ServedModel("7", "secret", "lab")


def test_header_and_payload_are_those_of_a_json_web_token():
    named = create_serve_multiplexed_model_id(1, "t", "k")
    head, payload, _ = named.split(".")

    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == {"model": "1", "token": "t"}


@pytest.mark.parametrize("spoil", [lambda it: it[:-2], lambda it: "x" + it, lambda _: "", lambda _: "a.b.c"])
def test_one_that_was_changed_or_made_for_another_server_is_refused(spoil):  # type: ignore[no-untyped-def]
    named = create_serve_multiplexed_model_id(7, "secret", URL)

    with pytest.raises(SynapseError, match="is not whole") as caught:
        read_serve_multiplexed_model_id(spoil(named), URL)
    with pytest.raises(SynapseError, match="made for another server"):
        read_serve_multiplexed_model_id(named, "http://other.example")

    assert "secret" not in f"{caught.value} {caught.value.details}"


def test_an_agent_is_asked_as_the_sheet_says(tmp_path: Path):
    with labelling_server(tmp_path) as running:
        running.documents["serve_applications/a@1"] = {"status": "RUNNING"}
        running.documents["DELETE serve_applications/a@1"] = {}
        running.documents["POST resources/feasibility"] = {"feasible": True}
        with closing(AgentClient(running.url, "agent-token", user_token="u", tenant="lab")) as agent:
            assert agent.get_serve_application("a@1") == {"status": "RUNNING"}
            agent.delete_serve_application("a@1")
            assert agent.check_feasibility("serve", 1, 0, 5, replicas=2) == {"feasible": True}
            assert "agent-token" not in repr(agent)

        asked = running.asked[-1]
        assert asked.body == {
            "kind": "serve", "num_cpus": 1, "num_gpus": 0, "memory_bytes": 5, "replicas": 2, "metadata": {},
        }  # fmt: skip
        sent = {name: asked.headers[name] for name in ("authorization", "synapse-user", "synapse-tenant")}
        assert sent == {
            "authorization": "agent-token", "synapse-user": "Token u", "synapse-tenant": "Token lab",
        }  # fmt: skip


def test_a_replica_loads_a_model_that_a_real_server_has(server: RunningServer, tmp_path: Path):
    class Replica(BaseServeDeployment):
        async def _get_model(self, model_info: dict[str, Any]) -> Any:
            return model_info["name"], (model_info["path"] / "weights.txt").read_text()

        async def infer(self) -> None:
            return None

    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("weights.txt", "0.5")
    token = server.token()
    with closing(BackendClient(server.url, token)) as client:
        model = client.create_model({"name": "half"}, tmp_path / "model.zip")
        named = client.name_served_model(model["id"])

    assert asyncio.run(Replica(server.url).get_model(named)) == ("half", "0.5")
    stranger = create_serve_multiplexed_model_id(model["id"], f"{token}x", server.url)
    with pytest.raises(ModelLoadError):
        asyncio.run(Replica(server.url).get_model(stranger))
