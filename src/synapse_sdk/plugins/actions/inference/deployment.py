"""`BaseDeploymentAction`: a serve class as an application at an agent.

Source: interface sheet `actions.md` §3.2. Serving itself needs Ray and comes with it; everything around it is
here. Unlike there, a config.yaml that can not be read is an error, not an empty answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from synapse_sdk.plugins.actions._served import make_agent_client, name_route, open_agent_client
from synapse_sdk.plugins.actions.inference.plugin_folder import read_plugin_config, read_requirements
from synapse_sdk.plugins.actions.workflow import WorkflowAction
from synapse_sdk.plugins.errors import DeploymentError, RayNotInstalledError
from synapse_sdk.plugins.inputs import describe_params, find_input_id, find_param

if TYPE_CHECKING:
    from synapse_sdk.plugins.actions.inference.context import DeploymentContext

P = TypeVar("P")
#: What of `serve_options` is handed on.
SERVE_OPTIONS = (
    "max_ongoing_requests",
    "max_queued_requests",
    "num_replicas",
    "autoscaling_config",
    "health_check_period_s",
    "health_check_timeout_s",
    "graceful_shutdown_timeout_s",
    "graceful_shutdown_wait_loop_s",
)
#: How `infer_batch` gathers requests, unless `serve_options.batch` says otherwise.
BATCH_DEFAULTS = {"max_batch_size": 8, "batch_wait_timeout_s": 0.1}


class DeploymentProgressCategories:
    """Names of the steps of a deployment."""

    INITIALIZE: Final = "initialize"
    DEPLOY: Final = "deploy"
    REGISTER: Final = "register"


class BaseDeploymentAction(WorkflowAction[P], Generic[P]):
    """Deploys `entrypoint`. Write `execute()` of `ray_init`, `deploy` and `register_serve_application`."""

    progress: ClassVar[DeploymentProgressCategories] = DeploymentProgressCategories()
    #: The serve class: a subclass of `BaseServeDeployment`, with its `app`.
    entrypoint: ClassVar[type | None] = None

    def execute(self) -> Any:
        """Deploy, and return the result. May be `async`."""
        raise NotImplementedError(f"{type(self).__name__} defines neither execute() nor steps")

    def create_context(self) -> DeploymentContext:
        """Make what the steps share."""
        from synapse_sdk.plugins.actions.inference.context import DeploymentContext

        return DeploymentContext(
            self.ctx,
            params=describe_params(self.params),
            model_id=find_input_id(self.params, "model", "model_id"),
        )

    def describe_workflow(self, context: Any) -> dict[str, Any]:
        """Add what was deployed."""
        return {"serve_application": context.serve_app_id, "deployed": context.deployed}

    @property
    def agent_client(self) -> Any:
        """The agent's client: the one that this run was handed, else that of `SYNAPSE_AGENT_URL`.

        Raises:
            DeploymentError: There is none.
        """
        if self.ctx.agent_client is None:
            self.ctx.agent_client = make_agent_client(self.ctx)
        if self.ctx.agent_client is None:
            raise DeploymentError(
                f"Agent client is None: {type(self).__name__} asked for the agent, and this run has none.",
                hint="Run it on an agent that serves plugins.",
            )
        return self.ctx.agent_client

    def get_serve_app_name(self) -> str:
        """Return the application's name: the release, `code@version`.

        Raises:
            DeploymentError: Neither the environment nor config.yaml says which it is.
        """
        if release := self.ctx.env.get("SYNAPSE_PLUGIN_RELEASE_CODE"):
            return str(release)
        config = read_plugin_config() or {}
        if not config.get("code") or not config.get("version"):
            raise DeploymentError(
                "Which release this is, neither SYNAPSE_PLUGIN_RELEASE_CODE nor config.yaml says.",
                hint="Run it in the plugin's folder, where config.yaml has `code` and `version`.",
            )
        return f"{config['code']}@{config['version']}"

    def get_route_prefix(self) -> str:
        """Return the path below which the application is served."""
        checksum = self.ctx.env.get("SYNAPSE_PLUGIN_RELEASE_CHECKSUM")
        return f"/{checksum or name_route(self.get_serve_app_name())}"

    def get_ray_actor_options(self) -> dict[str, Any]:
        """Return what a replica needs: `runtime_env`, and `num_cpus`, `num_gpus`, `memory` of the params.

        No GPU and no memory are left out, which says the same; no CPU is not, for Ray would take one.
        """
        options: dict[str, Any] = {"runtime_env": self.get_runtime_env()}
        if (cpus := find_param(self.params, "num_cpus")) is not None:
            options["num_cpus"] = cpus
        for name in ("num_gpus", "memory"):
            if value := find_param(self.params, name):
                options[name] = value
        return options

    def get_serve_options(self) -> dict[str, Any]:
        """Return `serve_options` of this action in config.yaml, without those that nobody knows.

        `batch`, where it is there, has both of its values.

        Raises:
            DeploymentError: config.yaml can not be read, or an option is not one.
        """
        actions = (read_plugin_config() or {}).get("actions") or {}
        entry = actions.get(self.action_name or "") or {}
        options = dict(entry.get("serve_options") or {}) if isinstance(entry, Mapping) else {}
        if odd := sorted(set(options) - {*SERVE_OPTIONS, "batch"}):
            raise DeploymentError(
                f"serve_options of {self.action_name} has {', '.join(odd)}, which nobody knows.",
                {"unknown": odd, "known": [*SERVE_OPTIONS, "batch"]},
            )
        if options.get("batch") is not None:
            options["batch"] = {**BATCH_DEFAULTS, **options["batch"]}
        return options

    def get_runtime_env(self) -> dict[str, Any]:
        """Return what a replica installs: requirements.txt, through the `package_manager` of config.yaml."""
        packages = read_requirements()
        if not packages:
            return {}
        if (read_plugin_config() or {}).get("package_manager") == "uv":
            return {"uv": {"packages": packages, "uv_pip_install_options": ["--no-cache"]}}
        return {"pip": {"packages": packages, "pip_install_options": ["--upgrade"]}}

    def check_capacity(self) -> None:
        """Ask the agent whether there is room for the replicas; without one, warn and go on.

        Raises:
            DeploymentError: There is not, or the agent could not say.
        """
        from synapse_sdk.plugins.actions.inference.capacity import check_capacity

        with open_agent_client(self.ctx) as agent:
            check_capacity(
                agent,
                self.get_serve_app_name(),
                self.get_ray_actor_options(),
                self.get_serve_options(),
                self.ctx.log_message,
            )

    def ray_init(self, **options: Any) -> None:
        """Connect to Ray.

        Raises:
            RayNotInstalledError: Always, in this version. It is an `ImportError`, too.
        """
        raise RayNotInstalledError("ray_init() needs Ray, which this version does not run on.")

    def deploy(self) -> None:
        """Serve `entrypoint`.

        Raises:
            DeploymentError: There is no `entrypoint`, or no room.
            RayNotInstalledError: Else always, in this version.
        """
        if self.entrypoint is None:
            raise DeploymentError(f"{type(self).__name__} has no entrypoint: no serve class to deploy.")
        self.check_capacity()
        raise RayNotInstalledError("deploy() needs Ray, which this version does not run on.")

    def register_serve_application(self) -> int | None:
        """Record that this job serves the application; return the record's id, None outside a job.

        Raises:
            ExecutionError: This run has no client of a server.
            ClientError: The agent or the server refuses, or can not be reached.
        """
        if self.ctx.job_id is None:
            return None
        client = self.require_client("register_serve_application()")
        with open_agent_client(self.ctx) as agent:
            data = {} if agent is None else dict(agent.get_serve_application(self.get_serve_app_name()))
        record = client.create_serve_application(
            {"job": self.ctx.job_id, "status": data.get("status"), "data": data or None}
        )
        return int(record["id"])
