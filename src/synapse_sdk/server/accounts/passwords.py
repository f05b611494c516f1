"""Passwords, kept as argon2 hashes."""

from __future__ import annotations

from synapse_sdk.server.http.errors import InvalidError

LENGTH_MIN = 10
#: Longer ones are somebody keeping us busy.
LENGTH_MAX = 1000


def hash_password(password: str) -> str:
    """Return the hash to keep.

    Raises:
        InvalidError: It is too short or too long.
    """
    from argon2 import PasswordHasher

    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise InvalidError(f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters, not {len(password)}.")
    return PasswordHasher().hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Does the password fit the hash? Takes as long where there is no hash, so that time tells nothing."""
    from argon2 import PasswordHasher
    from argon2.exceptions import VerifyMismatchError

    hasher = PasswordHasher()
    if password_hash is None or len(password) > LENGTH_MAX:
        hasher.hash("nobody's password")
        return False
    try:
        return hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False
