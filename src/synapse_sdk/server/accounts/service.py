"""Rules of accounts: who is who, what tokens are, who may make which."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from synapse_sdk._internal.clock import iso_z, utc_now
from synapse_sdk.server.accounts import passwords, store
from synapse_sdk.server.accounts.models import Account, Member, NewToken, Token, Workspace
from synapse_sdk.server.accounts.refusals import RefusalLog
from synapse_sdk.server.db import Database
from synapse_sdk.server.http.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthorizedError,
)
from synapse_sdk.server.http.once import UNREPEATED, Once
from synapse_sdk.server.http.principal import (
    SCOPES_BY_KIND,
    SCOPES_BY_ROLE,
    Principal,
    Role,
    TokenKind,
)

DEFAULT_WORKSPACE = "default"
#: Writing "last used" with each request would make every reader a writer.
TOUCH_EVERY = timedelta(minutes=1)
SIGN_IN_LINK_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(days=7)
_ROLE_ORDER: tuple[Role, ...] = ("viewer", "developer", "publisher", "admin")


class AccountService:
    """Accounts, tokens, console sessions, and what was refused."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now
        self._refusals = RefusalLog(database)

    def ensure_default_workspace(self) -> Workspace:
        """Return the workspace `default`, which a new server does not have yet."""
        with self._database.write() as connection:
            found = store.find_workspace(connection, code=DEFAULT_WORKSPACE)
            return found or store.add_workspace(
                connection, code=DEFAULT_WORKSPACE, name="Default", now=self._now()
            )

    def ensure_account(
        self,
        name: str,
        *,
        role: Role | None = None,
        workspace: str = DEFAULT_WORKSPACE,
        password: str | None = None,
    ) -> Account:
        """Return the account of this name; made, or changed, as needed.

        Args:
            name: Its name.
            role: Its role in the workspace; as it is unless given. A new account is a developer then, and the
                first one of all an admin.
            workspace: Code of the workspace.
            password: Its new password; unchanged unless given.
        """
        if not name.strip() or len(name) > 100:
            raise InvalidError(f"An account's name has 1 to 100 characters; found {name!r}.")
        password_hash = None if password is None else passwords.hash_password(password)
        with self._database.write() as connection:
            room = store.find_workspace(connection, code=workspace)
            if room is None:
                raise NotFoundError(f"There is no workspace {workspace!r}.")
            account = store.find_account(connection, name=name)
            if account is None:
                account = store.add_account(
                    connection, name=name, password_hash=password_hash, now=self._now()
                )
            elif password_hash is not None:
                store.set_password_hash(connection, account.id, password_hash)
            if role is not None or store.find_role(connection, room.id, account.id) is None:
                usual: Role = "developer" if store.has_members(connection, room.id) else "admin"
                store.set_role(connection, room.id, account.id, role or usual)
            return account

    def add_account(self, name: str, *, role: Role) -> Account:
        """Make an account.

        Raises:
            ConflictError: There is one of this name.
        """
        with self._database.read() as connection:
            if store.find_account(connection, name=name) is not None:
                raise ConflictError(f"There is an account {name!r} already.", {"account": name})
        return self.ensure_account(name, role=role)

    def set_active(self, name: str, *, is_active: bool) -> None:
        """Let an account in, or shut it out: its tokens and sessions are refused while it is.

        Raises:
            NotFoundError: There is no such account.
        """
        with self._database.write() as connection:
            account = store.find_account(connection, name=name)
            if account is None:
                raise _no_account(name)
            store.set_active(connection, account.id, is_active=is_active)

    def list_members(self, *, workspace: str = DEFAULT_WORKSPACE) -> list[Member]:
        """Return the accounts of a workspace, by name."""
        with self._database.read() as connection:
            room = store.find_workspace(connection, code=workspace)
            return [] if room is None else store.list_members(connection, room.id)

    def get_member(self, name: str, *, workspace: str = DEFAULT_WORKSPACE) -> Member:
        """Return an account of a workspace.

        Raises:
            NotFoundError: There is no such account.
        """
        with self._database.read() as connection:
            room, account = (
                store.find_workspace(connection, code=workspace),
                store.find_account(connection, name=name),
            )
            found = (
                []
                if room is None or account is None
                else store.list_members(connection, room.id, account_id=account.id)
            )
        if not found:
            raise _no_account(name)
        return found[0]

    def folder_owner(self) -> Principal:
        """Return whoever works on the data folder itself, who may do all that an admin may."""
        workspace = self.ensure_default_workspace()
        return Principal(
            kind="user",
            workspace_id=workspace.id,
            scopes=SCOPES_BY_ROLE["admin"],
            account_name="the server's machine",
            role="admin",
        )

    def get_role(self, account_id: int, *, workspace: str = DEFAULT_WORKSPACE) -> Role | None:
        """Return an account's role in a workspace, None without one."""
        with self._database.read() as connection:
            room = store.find_workspace(connection, code=workspace)
            return None if room is None else store.find_role(connection, room.id, account_id)

    def describe(self, principal: Principal) -> dict[str, Any]:
        """Return who a principal is, for `whoami/`."""
        with self._database.read() as connection:
            workspace = store.get_workspace(connection, principal.workspace_id)
            account = (
                None if principal.account_id is None else store.get_account(connection, principal.account_id)
            )
        return {
            "kind": principal.kind,
            "account": None if account is None else {"id": account.id, "name": account.name},
            "role": principal.role,
            "scopes": sorted(principal.scopes),
            "workspace": {"id": workspace.id, "code": workspace.code, "name": workspace.name},
        }

    def authenticate(self, text: str, *, workspace: str | None = None) -> Principal:
        """Return the holder of a token.

        Raises:
            UnauthorizedError: It is unknown, expired or revoked, or its account has no part in the workspace.
        """
        now = self._now()
        with self._database.read() as connection:
            token = store.find_token(connection, token_hash=_hash(text))
            token = _require_good(token, now)
            workspace_id = token.workspace_id
            if workspace is not None:
                room = store.find_workspace(connection, code=workspace)
                if room is None or (token.account_id is None and room.id != token.workspace_id):
                    raise UnauthorizedError(f"This token has no part in the workspace {workspace!r}.")
                workspace_id = room.id
            role, account_name = token.role, None
            if token.account_id is not None:
                member = store.find_member(connection, workspace_id, token.account_id)
                if member is None:
                    raise UnauthorizedError("This token's account has no part in the workspace any more.")
                account_name, role = member[0], _lower(member[1], token.role)
        if token.last_used_at is None or now - token.last_used_at > TOUCH_EVERY:
            with self._database.write() as connection:
                store.touch_token(connection, token.id, now=now)
        return Principal(
            kind=token.kind,
            workspace_id=workspace_id,
            scopes=SCOPES_BY_KIND[token.kind] if role is None else SCOPES_BY_ROLE[role],
            token_id=token.id,
            account_id=token.account_id,
            account_name=account_name,
            role=role,
            job_id=token.job_id,
            attempt=token.attempt,
            agent_id=token.agent_id,
        )

    def create_token(
        self,
        *,
        workspace_id: int,
        kind: TokenKind,
        name: str,
        account_id: int | None = None,
        role: Role | None = None,
        job_id: str | None = None,
        attempt: int | None = None,
        life: timedelta | None = None,
        once: Once = UNREPEATED,
    ) -> NewToken:
        """Make a token. Its text is in the answer and nowhere else, ever.

        Raises:
            ConflictError: The idempotency key was used before: the token is there, its text is not.
        """
        text = f"syn_{kind}_{secrets.token_urlsafe(32)}"
        now = self._now()
        facts = {
            "workspace_id": workspace_id,
            "account_id": account_id,
            "kind": kind,
            "name": name,
            "hint": text[: len(f"syn_{kind}_") + 4],
            "role": role,
            "job_id": job_id,
            "attempt": attempt,
            "agent_id": None,
            "created_at": now,
            "expires_at": None if life is None else now + life,
        }
        with self._database.write() as connection:
            if (known := once.recall(connection)) is not None:
                raise ConflictError(
                    f"This request made the token {known} already; its text was shown then, and is not kept.",
                    {"token": int(known)},
                    hint="Revoke that token if its text is lost, and make another one.",
                )
            token = store.add_token(connection, token_hash=_hash(text), facts=facts)
            once.remember(connection, token.id)
        return NewToken(token, text)

    def create_own_token(
        self,
        principal: Principal,
        *,
        kind: TokenKind,
        name: str,
        role: Role | None,
        life: timedelta | None,
        may_shorten: bool = False,
        once: Once = UNREPEATED,
    ) -> NewToken:
        """Make a token at somebody's request: for themselves, or (by an admin) for an agent.

        Args:
            principal: Who asks.
            kind: user, ci or agent.
            name: What people call it.
            role: Of a person's token; the asker's own unless given.
            life: How long it is good; None for until it is revoked.
            may_shorten: Nobody asked for this life: it may end with the token that asks.
            once: The request's idempotency key.

        Raises:
            ForbiddenError: They may not make one of that kind or role.
            InvalidError: It would outlive the token that asks for it.
        """
        workspace_id = principal.workspace_id
        life = self._bound_life(principal, life, may_shorten=may_shorten)
        if kind == "agent":
            principal.require("accounts:write")
            return self.create_token(workspace_id=workspace_id, kind="agent", name=name, life=life, once=once)
        if kind not in ("user", "ci"):
            raise InvalidError(
                f"Tokens of kind {kind!r} are made by the server itself; ask for user, ci or agent."
            )
        if principal.account_id is None or principal.role is None:
            raise ForbiddenError("Only an account can make tokens for itself.")
        if role is not None and _ROLE_ORDER.index(role) > _ROLE_ORDER.index(principal.role):
            raise ForbiddenError(f"A token can not have the role {role}; yours is {principal.role}.")
        return self.create_token(
            workspace_id=workspace_id,
            kind=kind,
            name=name,
            account_id=principal.account_id,
            role=role or principal.role,
            life=life,
            once=once,
        )

    def _bound_life(
        self, principal: Principal, life: timedelta | None, *, may_shorten: bool
    ) -> timedelta | None:
        """Refuse, or shorten, what would outlive the token that makes it: one that leaked would never end."""
        if principal.token_id is None:  # who signed in has said who they are
            return life
        with self._database.read() as connection:
            ends_at = store.get_token(connection, principal.token_id).expires_at
        if ends_at is None or (life is not None and self._now() + life <= ends_at):
            return life
        if may_shorten:
            return ends_at - self._now() - timedelta(seconds=1)  # it is made a moment later
        said = (
            f"A token may not outlive the one that asks for it, which ends at {iso_z(ends_at)}. "
            "Ask for fewer days, or make it in the console"
        )
        raise InvalidError.of_fields(
            [
                {
                    "loc": ["life_days"],
                    "msg": said,
                    "type": "life",
                    "input": None if life is None else life.days,
                }
            ]
        )

    def list_tokens(self, principal: Principal, *, after: int, limit: int) -> list[Token]:
        """Return the tokens that somebody may see: an admin all, others their own."""
        own = None if principal.may("accounts:read") else principal.account_id
        if own is None:
            principal.require("accounts:read")
        with self._database.read() as connection:
            return store.list_tokens(
                connection, principal.workspace_id, after=after, limit=limit, account_id=own
            )

    def revoke_token(self, principal: Principal, token_id: int) -> None:
        """End a token: one's own, or (by an admin) any of the workspace."""
        with self._database.write() as connection:
            found = [
                token
                for token in store.list_tokens(
                    connection, principal.workspace_id, after=token_id - 1, limit=1
                )
                if token.id == token_id
            ]
            is_own = found and found[0].account_id is not None and found[0].account_id == principal.account_id
            if not found or not (is_own or principal.may("accounts:write")):
                raise NotFoundError(f"There is no token {token_id} that you could revoke.")
            store.revoke_token(connection, token_id, now=self._now())

    def bind_agent(self, principal: Principal, agent_id: int) -> None:
        """Remember which agent a token has registered."""
        if principal.token_id is not None:
            with self._database.write() as connection:
                store.set_agent(connection, principal.token_id, agent_id)

    def find_token_of_agent(self, connection: sa.Connection, agent_id: int) -> Token | None:
        """Return a good token that belongs to an agent, None without one."""
        return store.find_token_of_agent(connection, agent_id, now=self._now())

    def revoke_agent_tokens(self, workspace_id: int, *, name: str) -> None:
        """End the agents' tokens that were made under a name."""
        with self._database.write() as connection:
            store.revoke_agent_tokens(connection, workspace_id, name, now=self._now())

    def revoke_job_tokens(self, job_id: str, attempt: int) -> None:
        """End what an attempt was given."""
        with self._database.write() as connection:
            store.revoke_job_tokens(connection, job_id, attempt, now=self._now())

    def create_sign_in_link(self, account_id: int) -> str:
        """Return the secret of a link that signs in once."""
        secret = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            store.add_sign_in_link(
                connection,
                link_hash=_hash(secret),
                account_id=account_id,
                expires_at=self._now() + SIGN_IN_LINK_LIFE,
            )
        return secret

    def sign_in_by_link(self, secret: str) -> str:
        """Return the cookie of a new session.

        Raises:
            UnauthorizedError: The link is unknown, expired or used.
        """
        with self._database.write() as connection:
            account_id = store.use_sign_in_link(connection, link_hash=_hash(secret), now=self._now())
        if account_id is None:
            raise UnauthorizedError(
                "This sign-in link was used already, or is too old.",
                hint="Make a new one: synapse server link",
            )
        return self._open_session(account_id)

    def sign_in_by_password(self, name: str, password: str) -> str:
        """Return the cookie of a new session.

        Raises:
            UnauthorizedError: Name and password do not belong together; which of them is wrong is not said.
        """
        with self._database.read() as connection:
            account = store.find_account(connection, name=name)
        password_hash = account.password_hash if account is not None and account.is_active else None
        if not passwords.is_right(password, password_hash) or account is None:
            raise UnauthorizedError("Name and password do not fit.")
        return self._open_session(account.id)

    def authenticate_session(self, cookie: str) -> tuple[Principal, str]:
        """Return who a console cookie belongs to, and the CSRF token of its forms.

        Raises:
            UnauthorizedError: It is unknown or has expired.
        """
        with self._database.read() as connection:
            row = store.find_session(connection, session_hash=_hash(cookie))
            member = None if row is None else store.find_member(connection, row.workspace_id, row.account_id)
        if row is None or member is None or row.expires_at <= self._now():
            raise UnauthorizedError("You are signed out.")
        account_name, role = member
        principal = Principal(
            kind="user",
            workspace_id=row.workspace_id,
            scopes=SCOPES_BY_ROLE[role],
            account_id=row.account_id,
            account_name=account_name,
            role=role,
        )
        return principal, row.csrf_token

    def sign_out(self, cookie: str) -> None:
        """End a console session."""
        with self._database.write() as connection:
            store.delete_session(connection, session_hash=_hash(cookie))

    def _open_session(self, account_id: int) -> str:
        cookie, now = secrets.token_urlsafe(32), self._now()
        with self._database.write() as connection:
            workspace = store.find_workspace(connection, code=DEFAULT_WORKSPACE)
            if workspace is None:
                raise NotFoundError("The server has no workspace yet.")
            facts = {
                "hash": _hash(cookie),
                "account_id": account_id,
                "workspace_id": workspace.id,
                "csrf_token": secrets.token_urlsafe(32),
                "created_at": now,
                "expires_at": now + SESSION_LIFE,
            }
            store.add_session(connection, facts)
        return cookie

    def record_refusal(self, principal: Principal | None, what: str, detail: str) -> None:
        """Keep that something was refused, for `audit/`. Equal ones within a minute are one entry."""
        self._refusals.record(
            "nobody" if principal is None else principal.name,
            what,
            detail,
            workspace_id=None if principal is None else principal.workspace_id,
            now=self._now(),
        )

    def flush_refusals(self) -> None:
        """Write refusals that were only counted so far; a server does when it ends."""
        self._refusals.flush(self._now())

    def list_audit_entries(
        self, principal: Principal, *, before: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return what was refused and done, newest first; for admins."""
        principal.require("accounts:read")
        self.flush_refusals()
        with self._database.read() as connection:
            return store.list_audit_entries(connection, principal.workspace_id, before=before, limit=limit)


def _no_account(name: str) -> NotFoundError:
    return NotFoundError(
        f"There is no account {name!r}.",
        {"account": name},
        hint=f"See them: synapse server account list. Make it: synapse server account add {name}",
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _lower(member: Role, token: Role | None) -> Role:
    return member if token is None else min(member, token, key=_ROLE_ORDER.index)


def _require_good(token: Token | None, now: datetime) -> Token:
    if token is None:
        raise UnauthorizedError(
            "Not authenticated: the token is not known here.",
            hint="Log in again: synapse login",
        )
    if token.revoked_at is not None:
        raise UnauthorizedError(
            f"Not authenticated: the token {token.hint}… was revoked.", hint="Log in again: synapse login"
        )
    if token.expires_at is not None and token.expires_at <= now:
        raise UnauthorizedError(
            f"Not authenticated: the token {token.hint}… has expired.", hint="Log in again: synapse login"
        )
    return token
