"""Requests that may be repeated: the same `Idempotency-Key` creates once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Header, Request

from synapse_sdk._internal.clock import utc_now
from synapse_sdk.server.db import Moment, metadata
from synapse_sdk.server.http.auth import Authenticated
from synapse_sdk.server.http.errors import ConflictError, InvalidError
from synapse_sdk.server.http.principal import Principal

KEY_LIMIT = 200

idempotency_keys = sa.Table(
    "idempotency_key",
    metadata,
    sa.Column("workspace_id", sa.Integer, nullable=False),
    sa.Column("owner", sa.String, nullable=False),  # who sent it: keys of two owners never meet
    sa.Column("key", sa.String, nullable=False),
    sa.Column("request_hash", sa.String, nullable=False),  # of method, path and body
    sa.Column("subject_id", sa.String, nullable=False),  # what was created
    sa.Column("created_at", Moment, nullable=False),
    sa.PrimaryKeyConstraint("workspace_id", "owner", "key"),
)


@dataclass(frozen=True, slots=True)
class Once:
    """The idempotency key of one request; without a key, every request is a new one.

    A service asks `recall` first and says `remember` last, both in the transaction that creates the thing.
    """

    workspace_id: int
    owner: str
    key: str | None
    request_hash: str

    def recall(self, connection: sa.Connection) -> str | None:
        """Return the id of what an earlier request with this key created, or None.

        Raises:
            ConflictError: The key was used for another request.
        """
        if self.key is None:
            return None
        query = sa.select(idempotency_keys.c.request_hash, idempotency_keys.c.subject_id).where(
            idempotency_keys.c.workspace_id == self.workspace_id,
            idempotency_keys.c.owner == self.owner,
            idempotency_keys.c.key == self.key,
        )
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.request_hash != self.request_hash:
            raise ConflictError(
                f"The Idempotency-Key {self.key!r} was already used for another request.",
                {"key": self.key},
                hint="Use a new key for a new request.",
            )
        subject_id: str = row.subject_id
        return subject_id

    def remember(self, connection: sa.Connection, subject_id: str | int) -> None:
        """Record what this request created."""
        if self.key is None:
            return
        values = {
            "workspace_id": self.workspace_id,
            "owner": self.owner,
            "key": self.key,
            "request_hash": self.request_hash,
            "subject_id": str(subject_id),
            "created_at": utc_now(),
        }
        connection.execute(sa.insert(idempotency_keys).values(values))


def once_of(principal: Principal, key: str | None, what: str) -> Once:
    """Return the idempotency key of something that a form asks for.

    Args:
        principal: Who sent it.
        key: The key that the form was shown with; None: it may be sent again and again.
        what: All that the form says, but for the key: another text under the same key is refused.

    Raises:
        InvalidError: The key is empty or too long.
    """
    return Once(principal.workspace_id, principal.key, _check_key(key), _hash(what.encode()))


def _check_key(key: str | None) -> str | None:
    if key is not None and not 0 < len(key) <= KEY_LIMIT:
        raise InvalidError(f"An Idempotency-Key has 1 to {KEY_LIMIT} characters, not {len(key)}.")
    return key


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


async def _read_once(
    request: Request,
    principal: Authenticated,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Once:
    body = b"" if key is None else await request.body()
    request_hash = _hash(f"{request.method} {request.url.path}".encode(), body)
    return Once(principal.workspace_id, principal.key, _check_key(key), request_hash)


Idempotent = Annotated[Once, Depends(_read_once)]
#: For callers inside the server, which create without a request.
UNREPEATED = Once(0, "", None, "")
