"""Rows of accounts, tokens and workspaces; the only SQL about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from synapse_sdk.server.accounts.models import Account, Member, Token, Workspace
from synapse_sdk.server.accounts.tables import (
    accounts,
    audit_entries,
    memberships,
    sessions,
    sign_in_links,
    tokens,
    workspaces,
)
from synapse_sdk.server.http.principal import Role

_TOKEN_COLUMNS = [column for column in tokens.c if column.name != "hash"]
_WORKSPACE_COLUMNS = [workspaces.c.id, workspaces.c.code, workspaces.c.name]


def add_workspace(connection: sa.Connection, *, code: str, name: str, now: datetime) -> Workspace:
    """Make a workspace."""
    values = {"code": code, "name": name, "created_at": now}
    return Workspace(_insert(connection, workspaces, values), code, name)


def find_workspace(connection: sa.Connection, *, code: str) -> Workspace | None:
    """Return the workspace of this code."""
    row = connection.execute(sa.select(*_WORKSPACE_COLUMNS).where(workspaces.c.code == code)).one_or_none()
    return None if row is None else Workspace(*row)


def get_workspace(connection: sa.Connection, workspace_id: int) -> Workspace:
    """Return the workspace of this id, which must be there."""
    query = sa.select(*_WORKSPACE_COLUMNS).where(workspaces.c.id == workspace_id)
    return Workspace(*connection.execute(query).one())


def add_account(connection: sa.Connection, *, name: str, password_hash: str | None, now: datetime) -> Account:
    """Make an account."""
    values = {"name": name, "password_hash": password_hash, "is_active": True, "created_at": now}
    return Account(_insert(connection, accounts, values), name, password_hash, True, now)


def find_account(connection: sa.Connection, *, name: str) -> Account | None:
    """Return the account of this name."""
    row = connection.execute(sa.select(accounts).where(accounts.c.name == name)).one_or_none()
    return None if row is None else Account(*row)


def get_account(connection: sa.Connection, account_id: int) -> Account:
    """Return the account of this id, which must be there."""
    return Account(*connection.execute(sa.select(accounts).where(accounts.c.id == account_id)).one())


def set_password_hash(connection: sa.Connection, account_id: int, password_hash: str) -> None:
    """Change an account's password, and end its console sessions."""
    connection.execute(
        sa.update(accounts).where(accounts.c.id == account_id).values(password_hash=password_hash)
    )
    connection.execute(sa.delete(sessions).where(sessions.c.account_id == account_id))


def set_active(connection: sa.Connection, account_id: int, *, is_active: bool) -> None:
    """Let an account in, or shut it out."""
    connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(is_active=is_active))


def list_members(
    connection: sa.Connection, workspace_id: int, *, account_id: int | None = None
) -> list[Member]:
    """Return who has a role in a workspace, by name: all, or one account."""
    has_password = accounts.c.password_hash.is_not(None)
    query = (
        sa.select(
            accounts.c.name, memberships.c.role, accounts.c.is_active, has_password, accounts.c.created_at
        )
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id)
        .order_by(accounts.c.name)
    )
    if account_id is not None:
        query = query.where(accounts.c.id == account_id)
    return [Member(*row) for row in connection.execute(query)]


def set_role(connection: sa.Connection, workspace_id: int, account_id: int, role: Role) -> None:
    """Give an account a role in a workspace, in place of the one that it had."""
    key = (memberships.c.workspace_id == workspace_id, memberships.c.account_id == account_id)
    connection.execute(sa.delete(memberships).where(*key))
    values = {"workspace_id": workspace_id, "account_id": account_id, "role": role}
    connection.execute(sa.insert(memberships).values(values))


def has_members(connection: sa.Connection, workspace_id: int) -> bool:
    """Has anybody a role in this workspace?"""
    query = sa.select(memberships.c.account_id).where(memberships.c.workspace_id == workspace_id).limit(1)
    return connection.execute(query).first() is not None


def find_member(connection: sa.Connection, workspace_id: int, account_id: int) -> tuple[str, Role] | None:
    """Return an active account's name and its role in a workspace, None without one."""
    query = (
        sa.select(accounts.c.name, memberships.c.role)
        .join(accounts, accounts.c.id == memberships.c.account_id)
        .where(
            memberships.c.workspace_id == workspace_id,
            memberships.c.account_id == account_id,
            accounts.c.is_active,
        )
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.name, row.role)


def find_role(connection: sa.Connection, workspace_id: int, account_id: int) -> Role | None:
    """Return an active account's role in a workspace, None without one."""
    member = find_member(connection, workspace_id, account_id)
    return None if member is None else member[1]


def add_token(connection: sa.Connection, *, token_hash: str, facts: dict[str, Any]) -> Token:
    """Store a token by its hash."""
    token_id = _insert(connection, tokens, {**facts, "hash": token_hash})
    return get_token(connection, token_id)


def get_token(connection: sa.Connection, token_id: int) -> Token:
    """Return the token of this id, which must be there."""
    return Token(*connection.execute(sa.select(*_TOKEN_COLUMNS).where(tokens.c.id == token_id)).one())


def find_token(connection: sa.Connection, *, token_hash: str) -> Token | None:
    """Return the token with this hash, whatever has become of it."""
    row = connection.execute(sa.select(*_TOKEN_COLUMNS).where(tokens.c.hash == token_hash)).one_or_none()
    return None if row is None else Token(*row)


def list_tokens(
    connection: sa.Connection, workspace_id: int, *, after: int, limit: int, account_id: int | None = None
) -> list[Token]:
    """Return tokens that people made, in the order of their ids: all, or those of one account."""
    query = (
        sa.select(*[*_TOKEN_COLUMNS, accounts.c.name])
        .outerjoin(accounts, accounts.c.id == tokens.c.account_id)
        .where(tokens.c.workspace_id == workspace_id, tokens.c.id > after, tokens.c.kind != "job")
        .order_by(tokens.c.id)
        .limit(limit)
    )
    if account_id is not None:
        query = query.where(tokens.c.account_id == account_id)
    return [Token(*row) for row in connection.execute(query)]


def revoke_token(connection: sa.Connection, token_id: int, *, now: datetime) -> None:
    """End a token; one that has ended stays as it was."""
    connection.execute(
        sa.update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )


def revoke_job_tokens(connection: sa.Connection, job_id: str, attempt: int, *, now: datetime) -> None:
    """End the tokens of an attempt."""
    connection.execute(
        sa.update(tokens)
        .where(tokens.c.job_id == job_id, tokens.c.attempt == attempt, tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def set_agent(connection: sa.Connection, token_id: int, agent_id: int) -> None:
    """Remember which agent a token belongs to."""
    connection.execute(sa.update(tokens).where(tokens.c.id == token_id).values(agent_id=agent_id))


def revoke_agent_tokens(connection: sa.Connection, workspace_id: int, name: str, *, now: datetime) -> None:
    """End the agents' tokens of this name."""
    connection.execute(
        sa.update(tokens)
        .where(
            tokens.c.workspace_id == workspace_id,
            tokens.c.kind == "agent",
            tokens.c.name == name,
            tokens.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def find_token_of_agent(connection: sa.Connection, agent_id: int, *, now: datetime) -> Token | None:
    """Return a token that belongs to an agent and is neither revoked nor expired."""
    query = (
        sa.select(*_TOKEN_COLUMNS)
        .where(
            tokens.c.agent_id == agent_id,
            tokens.c.revoked_at.is_(None),
            sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now),
        )
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Token(*row)


def touch_token(connection: sa.Connection, token_id: int, *, now: datetime) -> None:
    """Record that a token was used."""
    connection.execute(sa.update(tokens).where(tokens.c.id == token_id).values(last_used_at=now))


def add_session(connection: sa.Connection, facts: dict[str, Any]) -> None:
    """Store a console session."""
    connection.execute(sa.insert(sessions).values(facts))


def find_session(connection: sa.Connection, *, session_hash: str) -> sa.Row[Any] | None:
    """Return the row of a console session."""
    return connection.execute(sa.select(sessions).where(sessions.c.hash == session_hash)).one_or_none()


def delete_session(connection: sa.Connection, *, session_hash: str) -> None:
    """End a console session."""
    connection.execute(sa.delete(sessions).where(sessions.c.hash == session_hash))


def add_sign_in_link(
    connection: sa.Connection, *, link_hash: str, account_id: int, expires_at: datetime
) -> None:
    """Store a one-time link."""
    values = {"hash": link_hash, "account_id": account_id, "expires_at": expires_at}
    connection.execute(sa.insert(sign_in_links).values(values))


def use_sign_in_link(connection: sa.Connection, *, link_hash: str, now: datetime) -> int | None:
    """Use up a link; return its account, None when it is unknown, expired or used."""
    is_good = (
        sign_in_links.c.hash == link_hash,
        sign_in_links.c.used_at.is_(None),
        sign_in_links.c.expires_at > now,
    )
    account_id: int | None = connection.execute(
        sa.select(sign_in_links.c.account_id).where(*is_good)
    ).scalar_one_or_none()
    if account_id is not None:
        connection.execute(sa.update(sign_in_links).where(*is_good).values(used_at=now))
    return account_id


def add_audit_entry(connection: sa.Connection, facts: dict[str, Any]) -> int:
    """Record something for whoever looks later; return the entry's id."""
    return _insert(connection, audit_entries, facts)


def describe_audit_entry(connection: sa.Connection, entry_id: int, detail: str) -> None:
    """Say something else of an entry."""
    connection.execute(sa.update(audit_entries).where(audit_entries.c.id == entry_id).values(detail=detail))


def list_audit_entries(
    connection: sa.Connection, workspace_id: int, *, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Return entries, newest first; those of nobody in particular too."""
    query = (
        sa.select(audit_entries)
        .where(sa.or_(audit_entries.c.workspace_id == workspace_id, audit_entries.c.workspace_id.is_(None)))
        .order_by(audit_entries.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(audit_entries.c.id < before)
    return [dict(row) for row in connection.execute(query).mappings()]


def _insert(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> int:
    key = connection.execute(sa.insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])
