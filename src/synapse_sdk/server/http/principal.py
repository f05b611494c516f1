"""Who is asking, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from synapse_sdk.server.http.errors import ForbiddenError

TokenKind = Literal["user", "agent", "job", "serve", "ci"]
Role = Literal["viewer", "developer", "publisher", "admin"]

_VIEWER = frozenset({"jobs:read", "data:read", "releases:read", "agents:read"})
_DEVELOPER = _VIEWER | {"jobs:write", "data:write", "blobs:write"}
_PUBLISHER = _DEVELOPER | {"releases:write"}
_ADMIN = _PUBLISHER | {"accounts:read", "accounts:write", "agents:write"}

#: What a role may do, as `<subject>:<read or write>`.
SCOPES_BY_ROLE: dict[Role, frozenset[str]] = {
    "viewer": _VIEWER,
    "developer": _DEVELOPER,
    "publisher": _PUBLISHER,
    "admin": _ADMIN,
}
#: What tokens of machines may do, whatever role made them. A job's reading is narrowed to its envelope.
SCOPES_BY_KIND: dict[TokenKind, frozenset[str]] = {
    "agent": frozenset({"agents:work"}),
    "job": frozenset({"jobs:report"}),
    "serve": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a token, in one workspace."""

    kind: TokenKind
    workspace_id: int
    scopes: frozenset[str]
    token_id: int | None = None  # None for a console session
    account_id: int | None = None
    account_name: str | None = None
    role: Role | None = None
    #: The one attempt that a `job` token belongs to.
    job_id: str | None = None
    attempt: int | None = None
    #: The agent that an `agent` token has registered, once it has.
    agent_id: int | None = None

    @property
    def key(self) -> str:
        """What tells it from all others, and never changes."""
        if self.job_id is not None:
            return f"job {self.job_id}"
        return f"account {self.account_id}" if self.account_id is not None else f"{self.kind} {self.token_id}"

    @property
    def name(self) -> str:
        """How records that people read name it."""
        return self.account_name or self.key

    def may(self, scope: str) -> bool:
        """Is this allowed?"""
        return scope in self.scopes

    def require(self, scope: str) -> None:
        """Raise `ForbiddenError` unless this is allowed."""
        if not self.may(scope):
            who = f"the role {self.role}" if self.role else f"a token of kind {self.kind}"
            raise ForbiddenError(
                f"This needs {scope}, which {who} does not have.",
                {"scope": scope, "role": self.role, "kind": self.kind},
                hint="Ask an admin of the workspace for a role or token that has it.",
            )
