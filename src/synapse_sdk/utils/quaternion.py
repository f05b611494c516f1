"""Rotations of cuboids: Euler angles and unit quaternions, one into the other.

Frames and order: angles are in radians; a rotation turns about the object's own x axis, then its own y, then
its own z (intrinsic XYZ), in a right-handed frame. Quaternions are Hamilton's, with w as the real part.

Source: K. Shoemake, "Animating rotation with quaternion curves" (1985); the order is that of three.js,
`Euler.order` "XYZ", in which annotation tools keep cuboids.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

__all__ = [
    "CANONICAL_W_EPSILON",
    "QUATERNION_KEYS",
    "euler_to_quaternion",
    "is_quaternion_rotation",
    "normalize_quaternion",
    "quaternion_to_euler",
]

#: A |w| of less is taken for zero when one of a rotation's two quaternions is chosen: rounding decides its
#: sign.
CANONICAL_W_EPSILON = 1e-9
#: What a rotation has if it is a quaternion.
QUATERNION_KEYS = ("x", "y", "z", "w")
_AXES = ("x", "y", "z")
#: Past this sine of the middle angle the other two turn about one axis, and only their sum is known.
_GIMBAL_LOCK_SINE = 1 - 1e-12


def is_quaternion_rotation(rotation: object) -> TypeGuard[Mapping[str, float]]:
    """Is it a mapping that has a finite number for each of `QUATERNION_KEYS`? Euler angles have no `w`."""
    if not isinstance(rotation, Mapping):
        return False
    values = [rotation.get(key) for key in QUATERNION_KEYS]
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in values
    )


def normalize_quaternion(quaternion: Mapping[str, float]) -> dict[str, float]:
    """Return the one unit quaternion of a rotation: q and -q are the same one, and this has w ≥ 0.

    Where w is zero, the first of x, y, z that is not has a positive sign.

    Raises:
        ValueError: A part is missing or no finite number, or all are zero, which is no rotation.
    """
    if not is_quaternion_rotation(quaternion):
        raise ValueError(
            f"{_shown(quaternion)} is no quaternion: a finite number is needed for x, y, z and w."
        )
    # Divided by the largest first: squares of very large and very small numbers are no numbers any more.
    largest = max(abs(quaternion[key]) for key in QUATERNION_KEYS)
    if largest == 0:
        raise ValueError("A quaternion of length 0 is no rotation.")
    parts = {key: quaternion[key] / largest for key in QUATERNION_KEYS}
    length = math.hypot(*parts.values())
    unit = {key: value / length for key, value in parts.items()}
    if abs(unit["w"]) < CANONICAL_W_EPSILON:
        leading = next(unit[axis] for axis in _AXES if abs(unit[axis]) >= CANONICAL_W_EPSILON)
        sign = math.copysign(1.0, leading)
    else:
        sign = math.copysign(1.0, unit["w"])
    return {key: value * sign + 0.0 for key, value in unit.items()}  # + 0.0: no negative zeros


def euler_to_quaternion(rotation: Mapping[str, float]) -> dict[str, float]:
    """Turn Euler angles into a unit quaternion, normalized as by `normalize_quaternion`.

    Args:
        rotation: Angles about x, y and z, radians; one that is missing is 0.

    Raises:
        ValueError: An angle is no finite number.

    Example:
        >>> import math
        >>> {k: round(v, 6) for k, v in euler_to_quaternion({"x": 0, "y": 0, "z": math.pi / 2}).items()}
        {'x': 0.0, 'y': 0.0, 'z': 0.707107, 'w': 0.707107}
    """
    halves = []
    for axis in _AXES:
        angle = rotation.get(axis, 0.0)
        if isinstance(angle, bool) or not isinstance(angle, int | float) or not math.isfinite(angle):
            raise ValueError(f"{angle!r} is no angle about {axis}: a finite number of radians is needed.")
        halves.append(angle / 2)
    (cx, cy, cz), (sx, sy, sz) = map(math.cos, halves), map(math.sin, halves)
    return normalize_quaternion(
        {
            "x": sx * cy * cz + cx * sy * sz,
            "y": cx * sy * cz - sx * cy * sz,
            "z": cx * cy * sz + sx * sy * cz,
            "w": cx * cy * cz - sx * sy * sz,
        }
    )


def quaternion_to_euler(quaternion: Mapping[str, float]) -> dict[str, float]:
    """Turn a quaternion of any length into Euler angles.

    Returns:
        Angles about x, y and z, radians: x and z in [-π, π], y in [-π/2, π/2]. At y = ±π/2 only the sum of
        the others is known; all of it is x then, and z is 0.

    Raises:
        ValueError: It is no rotation.
    """
    unit = normalize_quaternion(quaternion)
    x, y, z, w = (unit[key] for key in QUATERNION_KEYS)
    sine = 2 * (x * z + y * w)
    if abs(sine) >= _GIMBAL_LOCK_SINE:
        return {"x": 2 * math.atan2(x, w), "y": math.copysign(math.pi / 2, sine), "z": 0.0}
    return {
        "x": math.atan2(2 * (x * w - y * z), 1 - 2 * (x * x + y * y)),
        "y": math.asin(sine),
        "z": math.atan2(2 * (z * w - x * y), 1 - 2 * (y * y + z * z)),
    }


def _shown(value: Any) -> str:
    return repr(dict(value)) if isinstance(value, Mapping) else repr(value)
