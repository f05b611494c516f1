"""Accounts, tokens and workspaces as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from synapse_sdk.server.http.principal import Role, TokenKind


@dataclass(frozen=True, slots=True)
class Workspace:
    """A room that shares nothing with the others."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person, or a machine that acts like one."""

    id: int
    name: str
    password_hash: str | None
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """An account with its part in one workspace, as admins see it."""

    name: str
    role: Role
    is_active: bool
    has_password: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is known after it was shown once: never its text."""

    id: int
    workspace_id: int
    account_id: int | None
    kind: TokenKind
    name: str
    #: The first characters, so that people can tell tokens apart.
    hint: str
    role: Role | None
    job_id: str | None
    attempt: int | None
    agent_id: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    #: Only in lists.
    account_name: str | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the only moment at which its text is known."""

    token: Token
    text: str

    def __repr__(self) -> str:
        return f"NewToken(token={self.token!r}, text='…')"
