"""UUID version 7: unique, and sorted by the moment it was made."""

from __future__ import annotations

import os
import time

#: Bits of RFC 9562 section 5.7: version 7 in bits 48-51, variant 0b10 in bits 64-65.
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


def uuid7() -> str:
    """Return a new UUIDv7 in its usual text form.

    Source:
        RFC 9562, section 5.7: 48 bits of Unix time in milliseconds, then 74 random bits.
    """
    unix_ms = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    rand_a = (random_bits >> 62) & 0xFFF
    rand_b = random_bits & ((1 << 62) - 1)
    value = (unix_ms << 80) | _VERSION | (rand_a << 64) | _VARIANT | rand_b
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
