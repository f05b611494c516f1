"""`AgentClient`: an agent's own interface: plugins that it serves, and whether it has room for more.

Source: interface sheet `platform.md` §3.4. What is not about serving is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from synapse_sdk.clients.patience import READ_TIMEOUT_S
from synapse_sdk.clients.transport import Transport

Document = dict[str, Any]


class AgentClient:
    """Requests to one agent. Thread-safe."""

    def __init__(
        self,
        base_url: str,
        agent_token: str,
        *,
        user_token: str | None = None,
        tenant: str | None = None,
        timeout: float | None = None,
    ) -> None:
        """Prepare requests; nothing is sent yet.

        Args:
            base_url: Address of the agent.
            agent_token: Its token.
            user_token: Token of the person for whom it works.
            tenant: Code of the workspace.
            timeout: Seconds that an answer may take.
        """
        headers = {"Authorization": agent_token}
        if user_token:
            headers["SYNAPSE-User"] = f"Token {user_token}"
        if tenant:
            headers["SYNAPSE-Tenant"] = f"Token {tenant}"
        self._transport = Transport(base_url, headers=headers, read_timeout_s=timeout or READ_TIMEOUT_S)

    def __repr__(self) -> str:
        return f"AgentClient({self._transport.url!r})"

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def run_plugin_release(
        self, lookup: str, action: str, params: Mapping[str, Any] | None = None
    ) -> Document:
        """Start an action of a release, `code@version`; return what the agent says of its job."""
        body = {"action": action, "params": dict(params or {})}
        answer: Document = self._transport.post(f"plugin_releases/{_part(lookup)}/run/", json=body)
        return answer

    def get_serve_application(self, name: str) -> Document:
        """Return an application that is served: its `status`, and more."""
        answer: Document = self._transport.get(f"serve_applications/{_part(name)}/")
        return answer

    def delete_serve_application(self, name: str) -> None:
        """Stop serving an application."""
        self._transport.delete(f"serve_applications/{_part(name)}/")

    def check_feasibility(
        self,
        kind: str,
        num_cpus: float | None = None,
        num_gpus: float | None = 0,
        memory_bytes: int | None = None,
        replicas: int = 1,
        metadata: Mapping[str, Any] | None = None,
    ) -> Document:
        """Ask whether there is room: for a "job", "serve", "container" or "task"."""
        body = {
            "kind": kind,
            "num_cpus": num_cpus,
            "num_gpus": num_gpus,
            "memory_bytes": memory_bytes,
            "replicas": replicas,
            "metadata": dict(metadata or {}),
        }
        answer: Document = self._transport.post("resources/feasibility/", json=body)
        return answer


def _part(value: str) -> str:
    return quote(value, safe="@")
