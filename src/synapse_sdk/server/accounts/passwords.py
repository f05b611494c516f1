"""Passwords, kept as argon2 hashes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from synapse_sdk.server.http.errors import InvalidError, UnavailableError

LENGTH_MIN = 10
#: Longer ones are somebody keeping us busy.
LENGTH_MAX = 1000


#: Hashes at a time: each takes 64 MiB, and a core for a while.
AT_ONCE = 2
#: Those who may wait for their turn; each keeps a thread of the server busy.
WAITING_MAX = 8
turn = threading.BoundedSemaphore(AT_ONCE)
_place = threading.BoundedSemaphore(AT_ONCE + WAITING_MAX)


@contextmanager
def _in_turn() -> Iterator[None]:
    """Wait for one's turn to hash.

    Raises:
        UnavailableError: Too many wait already; somebody keeps us busy.
    """
    if not _place.acquire(blocking=False):
        raise UnavailableError("Too many people sign in at this moment.", hint="Try again in a few seconds.")
    try:
        with turn:
            yield
    finally:
        _place.release()


def hash_password(password: str) -> str:
    """Return the hash to keep.

    Raises:
        InvalidError: It is too short or too long.
    """
    from argon2 import PasswordHasher

    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise InvalidError(f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters, not {len(password)}.")
    with _in_turn():
        return PasswordHasher().hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Does the password fit the hash? Takes as long where there is no hash, so that time tells nothing.

    Raises:
        UnavailableError: Too many ask at once.
    """
    from argon2 import PasswordHasher
    from argon2.exceptions import VerifyMismatchError

    hasher = PasswordHasher()
    with _in_turn():
        if password_hash is None or len(password) > LENGTH_MAX:
            hasher.hash("nobody's password")
            return False
        try:
            return hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False
