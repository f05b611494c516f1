"""Tables of accounts."""

from __future__ import annotations

import sqlalchemy as sa

from synapse_sdk.server.db import Moment, metadata

workspaces = sa.Table(
    "workspace",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String, nullable=False, unique=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

accounts = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("password_hash", sa.String),  # argon2; NULL: signs in by one-time link only
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

memberships = sa.Table(
    "membership",
    metadata,
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.PrimaryKeyConstraint("workspace_id", "account_id"),
    sa.CheckConstraint("role IN ('viewer', 'developer', 'publisher', 'admin')", name="role"),
)

tokens = sa.Table(
    "token",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id")),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("hint", sa.String, nullable=False),  # its first characters, for people
    sa.Column("hash", sa.String, nullable=False, unique=True),  # sha256 of 256 random bits: needs no salt
    sa.Column("role", sa.String),  # at most the account's own; NULL for machines' tokens
    sa.Column("job_id", sa.String),
    sa.Column("attempt", sa.Integer),
    sa.Column("agent_id", sa.Integer),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("last_used_at", Moment),
    sa.Column("revoked_at", Moment),
    sa.CheckConstraint("kind IN ('user', 'agent', 'job', 'serve', 'ci')", name="kind"),
)

sessions = sa.Table(
    "console_session",
    metadata,
    sa.Column("hash", sa.String, primary_key=True),  # sha256 of the cookie
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("workspace_id", sa.Integer, sa.ForeignKey("workspace.id"), nullable=False),
    sa.Column("csrf_token", sa.String, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

sign_in_links = sa.Table(
    "sign_in_link",
    metadata,
    sa.Column("hash", sa.String, primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

audit_entries = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("workspace_id", sa.Integer),
    sa.Column("at", Moment, nullable=False),
    sa.Column("who", sa.String, nullable=False),  # Principal.name, or "nobody"
    sa.Column("what", sa.String, nullable=False),  # method and path, or the name of an action
    sa.Column("outcome", sa.String, nullable=False),  # "refused", "done"
    sa.Column("detail", sa.String, nullable=False),
)
