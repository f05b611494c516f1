"""What a deployment works out and asks before, and records after, the serving itself."""

from __future__ import annotations

import hashlib
import pickle
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.labelling_server import LabellingServer
from tests.plugins.recording import RecordingSink
from tests.plugins.scripts import write_files

from synapse_sdk.clients.backend import BackendClient
from synapse_sdk.plugins import BaseDeploymentAction, LocalExecutor
from synapse_sdk.plugins.errors import DeploymentError, ExecutionError, RayNotInstalledError

CONFIG = """\
name: Detector
code: detector
version: 1.2.0
category: neural_net
package_manager: {manager}
actions:
  deployment:
    entrypoint: plugin.deploy:Deploy
    serve_options: {options}
"""


class Params(BaseModel):
    num_cpus: float | None = None
    num_gpus: float | None = None
    memory: int | None = None


class Deploy(BaseDeploymentAction[Params]):
    action_name = "deployment"
    entrypoint = object
    #: What `execute` returns, by the action.
    wanted: Any = None

    def execute(self) -> Any:
        return type(self).wanted(self)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_config(folder: Path, options: str = "{}", manager: str = "pip") -> None:
    write_files(folder, {"config.yaml": CONFIG.format(options=options, manager=manager)})


def ask(wanted: Any, params: Any = None, env: Any = None, **options: Any) -> Any:
    class Asking(Deploy):
        pass

    Asking.wanted = staticmethod(wanted)
    options = {"sinks": [], "open_client": lambda: None, **options}
    return LocalExecutor(env or {}, **options).execute(Asking, params or {})


def test_an_application_is_named_by_its_release(tmp_path: Path):
    with pytest.raises(ExecutionError, match=r"neither SYNAPSE_PLUGIN_RELEASE_CODE nor config\.yaml says"):
        ask(lambda action: action.get_serve_app_name())
    write_config(tmp_path)

    by_folder = ask(lambda action: (action.get_serve_app_name(), action.get_route_prefix()))
    by_variables = ask(
        lambda action: (action.get_serve_app_name(), action.get_route_prefix()),
        env={"SYNAPSE_PLUGIN_RELEASE_CODE": "other@2.0.0", "SYNAPSE_PLUGIN_RELEASE_CHECKSUM": "abc"},
    )

    assert by_folder == ("detector@1.2.0", f"/{hashlib.md5(b'detector@1.2.0').hexdigest()}")
    assert by_variables == ("other@2.0.0", "/abc")


@pytest.mark.parametrize(
    ("params", "options"),
    [
        ({}, {}),
        ({"num_cpus": 4, "num_gpus": 0, "memory": 0}, {"num_cpus": 4}),
        ({"num_cpus": 0, "num_gpus": 0.5, "memory": 7}, {"num_cpus": 0, "num_gpus": 0.5, "memory": 7}),
    ],
)
def test_a_replica_gets_what_the_params_say(params: Any, options: Any):
    assert ask(lambda action: action.get_ray_actor_options(), params) == {"runtime_env": {}, **options}


@pytest.mark.parametrize(
    ("manager", "environment"),
    [
        ("pip", {"pip": {"packages": ["numpy >=2", "pillow"], "pip_install_options": ["--upgrade"]}}),
        ("uv", {"uv": {"packages": ["numpy >=2", "pillow"], "uv_pip_install_options": ["--no-cache"]}}),
    ],
)
def test_a_replica_installs_the_requirements(manager: str, environment: Any, tmp_path: Path):
    write_config(tmp_path, manager=manager)
    write_files(tmp_path, {"requirements.txt": "# what it needs\nnumpy\\\n>=2\n\npillow  # pictures\n"})

    assert ask(lambda action: action.get_runtime_env()) == environment


def test_serve_options_come_from_the_config(tmp_path: Path):
    assert ask(lambda action: action.get_serve_options()) == {}
    write_config(tmp_path, "{num_replicas: 2, batch: {max_batch_size: 4}}")

    assert ask(lambda action: action.get_serve_options()) == {
        "num_replicas": 2,
        "batch": {"max_batch_size": 4, "batch_wait_timeout_s": 0.1},
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CONFIG.format(options="{replicas: 2}", manager="pip"), "has replicas, which nobody knows"),
        ("actions: [", "can not be read"),
        ("- a list\n", "is no mapping"),
        (b"\xff\xfe", "can not be read"),
    ],
)
def test_a_config_that_is_wrong_is_an_error_and_not_an_empty_answer(
    text: str | bytes, problem: str, tmp_path: Path
):
    (tmp_path / "config.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(ExecutionError, match=problem):
        ask(lambda action: action.get_serve_options())


def test_room_is_asked_for_before_anything_is_started(labelling: LabellingServer, tmp_path: Path):
    write_config(tmp_path, "{autoscaling_config: {min_replicas: 3}}")
    env = {"SYNAPSE_AGENT_URL": labelling.url, "SYNAPSE_AGENT_TOKEN": "agent-token"}
    answers = labelling.documents
    answers["POST resources/feasibility"] = {"feasible": True}

    with pytest.raises(ExecutionError, match="which this version does not run on"):
        ask(lambda action: action.deploy(), {"num_cpus": 2, "memory": 5}, env)

    (asked,) = labelling.requests("resources/feasibility", "POST")
    assert asked.body == {
        "kind": "serve",
        "num_cpus": 2,
        "num_gpus": 0,
        "memory_bytes": 5,
        "replicas": 3,
        "metadata": {"serve_application": "detector@1.2.0"},
    }
    for answer, problem in (
        ({"feasible": False, "reason": "2 CPUs are free"}, r"no room for detector@1\.2\.0: 2 CPUs are free"),
        ({"maybe": True}, "says neither yes nor no"),
    ):
        answers["POST resources/feasibility"] = answer
        with pytest.raises(ExecutionError, match=problem):
            ask(lambda action: action.deploy(), {}, env)
    labelling.troubles["resources/feasibility"] = [500]
    with pytest.raises(ExecutionError, match="could not be asked"):
        ask(lambda action: action.deploy(), {}, env)


def test_without_an_agent_that_could_say_so_a_deployment_goes_on_with_a_warning(tmp_path: Path):
    write_config(tmp_path)
    sink = RecordingSink()

    ask(lambda action: action.check_capacity(), sinks=[sink])

    (warned,) = sink.of_kind("message")
    assert (warned.level, "no agent is known" in sink.contents()[0]) == ("warning", True)


def test_what_needs_ray_says_so_in_both_of_its_kinds(tmp_path: Path):
    write_config(tmp_path)

    def caught(action: Any) -> tuple[bool, bool]:
        with pytest.raises(RayNotInstalledError) as ray:
            action.ray_init(num_cpus=1)
        assert pickle.loads(pickle.dumps(ray.value)).message == ray.value.message
        return isinstance(ray.value, ImportError), isinstance(ray.value, RuntimeError)

    assert ask(caught) == (True, True)


def test_a_deployment_without_a_serve_class_is_refused():
    class Nothing(Deploy):
        entrypoint = None

        def execute(self) -> Any:
            with pytest.raises(DeploymentError, match="has no entrypoint"):
                self.deploy()
            with pytest.raises(DeploymentError, match="Agent client is None"):
                _ = self.agent_client

    LocalExecutor(sinks=[], open_client=lambda: None).execute(Nothing, {})


def test_an_agent_of_the_environment_is_the_agent(labelling: LabellingServer):
    def close_it(action: Any) -> str:
        with closing(action.agent_client) as agent:
            return repr(agent)

    env = {"SYNAPSE_AGENT_URL": labelling.url, "SYNAPSE_AGENT_TOKEN": "agent-token"}

    assert ask(close_it, {}, env) == f"AgentClient({labelling.url!r})"


def test_an_application_is_recorded_with_what_the_agent_says_of_it(labelling: LabellingServer):
    labelling.documents["serve_applications/detector@1.2.0"] = {"status": "RUNNING", "replicas": 1}
    labelling.documents["POST serve_applications"] = {"id": 31}
    env = {
        "SYNAPSE_PLUGIN_RELEASE_CODE": "detector@1.2.0",
        "SYNAPSE_AGENT_URL": labelling.url,
        "SYNAPSE_AGENT_TOKEN": "agent-token",
    }

    with closing(BackendClient(labelling.url, "the-token")) as client:
        outside = ask(lambda action: action.register_serve_application(), {}, env, client=client)
        inside = ask(lambda action: action.register_serve_application(), {}, env, client=client, job_id="j1")

    assert (outside, inside) == (None, 31)
    (asked,) = labelling.requests("serve_applications", "POST")
    assert asked.body == {"job": "j1", "status": "RUNNING", "data": {"status": "RUNNING", "replicas": 1}}


def test_steps_of_a_deployment_answer_with_what_was_deployed():
    from synapse_sdk.plugins import BaseStep, DeploymentContext, StepResult

    class Pretend(BaseStep[DeploymentContext]):
        name = "deploy"
        progress_weight = 1.0

        def execute(self, context: DeploymentContext) -> StepResult:
            context.deployed, context.serve_app_id = True, 5
            return StepResult()

    class Stepwise(Deploy):
        def setup_steps(self, registry: Any) -> None:
            registry.register(Pretend())

    result = LocalExecutor(sinks=[]).execute(Stepwise, {})

    assert (result["deployed"], result["serve_application"]) == (True, 5)
