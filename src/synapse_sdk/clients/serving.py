"""Applications served at one address, each below a path of its own; and the header that names a model.

Source: interface sheet `actions.md` §3.3, §4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from synapse_sdk._internal.errors import SynapseError
from synapse_sdk.clients.transport import Transport

#: Says which model a request is for, and whose token may read it.
MODEL_HEADER = "serve_multiplexed_model_id"
#: A model may have to be loaded first.
INFERENCE_TIMEOUT_S = 300.0
_JWT_HEADER = {"alg": "HS256", "typ": "JWT"}


class ServeApplications:
    """The applications at one address."""

    def __init__(self, address: str) -> None:
        """Prepare requests; nothing is sent yet."""
        self._transport = Transport(address, read_timeout_s=INFERENCE_TIMEOUT_S)

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def list_routes(self) -> dict[str, str]:
        """Return path → name of what is served."""
        answer: dict[str, str] = self._transport.get("-/routes")
        return answer

    def ask(self, route: str, method: str, body: Any, model_id: str | None = None) -> Any:
        """Send a request to an application, once; return what it answers.

        Args:
            route: Its path, without slashes around it.
            method: The HTTP method.
            body: Sent as JSON.
            model_id: What `create_serve_multiplexed_model_id` returned, where it is for a model.
        """
        headers = {} if model_id is None else {MODEL_HEADER: model_id}
        return self._transport.request(method.upper(), f"{route}/", json=body, headers=headers, retries=False)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Which model a request is for, and the token with which it is read."""

    model: str
    token: str = field(repr=False)
    tenant: str | None = None


def create_serve_multiplexed_model_id(
    model_id: int | str, token: str, backend_url: str, tenant: str | None = None
) -> str:
    """Return what a request names a model by: a JSON Web Token of model, token and workspace.

    It holds the token readably, as the vendor's does: whoever has it can act for that person. It belongs into
    the header `serve_multiplexed_model_id` of a request to a server of yours, and nowhere else.

    Args:
        model_id: The model.
        token: Access token with which it is read.
        backend_url: Address of the server; both sides must know it by the same.
        tenant: Code of the workspace, unless the token's own.
    """
    payload = {"model": str(model_id), "token": token, **({"tenant": tenant} if tenant else {})}
    signed = f"{_encode(_JWT_HEADER)}.{_encode(payload)}"
    return f"{signed}.{_sign(signed, backend_url)}"


def read_serve_multiplexed_model_id(value: str, backend_url: str) -> ServedModel:
    """Return what `create_serve_multiplexed_model_id` was given.

    Raises:
        SynapseError: It is none, or was made for another server. Its content is not told.
    """
    signed, _, signature = value.rpartition(".")
    problem = "is not whole, or was made for another server"
    if not hmac.compare_digest(_sign(signed, backend_url).encode(), signature.encode()):
        raise SynapseError(f"The header {MODEL_HEADER} {problem}.", {"backend_url": backend_url})
    try:
        head, payload = (json.loads(_decode(part)) for part in signed.split("."))
        if head.get("alg") != _JWT_HEADER["alg"]:
            raise ValueError
        return ServedModel(str(payload["model"]), str(payload["token"]), payload.get("tenant"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SynapseError(f"The header {MODEL_HEADER} is none that this SDK makes.") from error


def _sign(text: str, key: str) -> str:
    return _to_base64(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())


def _encode(document: dict[str, str]) -> str:
    return _to_base64(json.dumps(document, separators=(",", ":")).encode())


def _to_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
