"""`PreProcessor`: a plugin that serves a model's inference on an agent; started where it is not running.

Source: interface sheet `actions.md` §8, "Inference method".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synapse_sdk.plugins.actions.inference.deferred_wait import wait_for_result
from synapse_sdk.plugins.actions.to_task.log_messages import ToTaskLogMessageCode as Code
from synapse_sdk.plugins.errors import ExecutionError

#: Seconds between two looks at one that starts, and after which it is given up.
START_POLL_S, START_LIMIT_S = 10.0, 600.0
RUNNING = "RUNNING"
#: From these no application comes back by itself.
_HOPELESS = frozenset({"DEPLOY_FAILED", "UNHEALTHY", "UNAVAILABLE"})

Tell = Callable[..., None]


@dataclass(frozen=True, slots=True)
class PreProcessor:
    """One release, served on one agent."""

    client: Any
    plugin_code: str
    version: str
    config: Mapping[str, Any]
    agent: int
    tell: Tell

    def ensure_running(self) -> None:
        """Wait until it runs; start it where it does not.

        Raises:
            ExecutionError: It did not start, or not in time.
        """
        self.tell(Code.TASK_PREPROCESSOR_CHECKING)
        if self._find_status() == RUNNING:
            self.tell(Code.TASK_PREPROCESSOR_ALREADY_RUNNING)
            return
        self.tell(Code.TASK_DATA_PREPROCESSOR_DEPLOYING)
        self._run("deployment", {})
        self.tell(Code.TASK_PREPROCESSOR_WAITING)
        started_at = time.monotonic()
        while (status := self._find_status()) != RUNNING:
            elapsed_s = time.monotonic() - started_at
            if status in _HOPELESS or elapsed_s > START_LIMIT_S:
                raise ExecutionError(
                    f"The pre-processor {self.plugin_code} {self.version} does not run"
                    + (f": it is {status}." if status else f" after {elapsed_s:.0f} s."),
                    {"plugin_code": self.plugin_code, "version": self.version, "status": status},
                    hint="Look at its deployment job on the server.",
                )
            self.tell(Code.TASK_PREPROCESSOR_WAITING_PROGRESS, elapsed_seconds=round(elapsed_s))
            time.sleep(START_POLL_S)
        self.tell(Code.TASK_PREPROCESSOR_READY)

    def infer(self, params: Mapping[str, Any]) -> Any:
        """Return what the model answers to `params`, however long it takes.

        Raises:
            ExecutionError: It failed, or took too long.
            ClientError: The server refuses, or can not be reached.
        """
        return wait_for_result(self._run("inference", params), lambda body: self._run("inference", body))

    def _find_status(self) -> str | None:
        listed = self.client.list_serve_applications(
            {"plugin_code": self.plugin_code, "job__agent": self.agent}
        )
        statuses = [str(application.get("status")) for application in listed["results"]]
        return RUNNING if RUNNING in statuses else next(iter(statuses), None)

    def _run(self, action: str, params: Mapping[str, Any]) -> Any:
        request = {
            "agent": self.agent,
            "action": action,
            "version": self.version,
            "params": dict(params),
        }
        return self.client.run_plugin(self.plugin_code, request)


def find_preprocessor(client: Any, release_id: int, agent: int, tell: Tell) -> PreProcessor:
    """Ask for a release; return it as something that infers.

    Raises:
        ClientError: There is none of that id.
        ExecutionError: The server does not say which plugin it is of.
    """
    tell(Code.TASK_PREPROCESSOR_RELEASE_FETCHING, pre_processor=release_id)
    release = client.get_plugin_release(release_id, {"expand": "plugin"})
    plugin = release.get("plugin")
    code = plugin.get("code") if isinstance(plugin, Mapping) else release.get("plugin_code") or plugin
    if not isinstance(code, str) or not release.get("version"):
        raise ExecutionError(
            f"The server does not say which plugin and version release {release_id} is.",
            {"release": release_id},
        )
    tell(Code.TASK_PREPROCESSOR_RELEASE_FETCHED, plugin_code=code, version=release["version"])
    config = release.get("config") or {}
    return PreProcessor(client, code, str(release["version"]), config, agent, tell)
