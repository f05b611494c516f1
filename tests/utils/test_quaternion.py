"""Rotations: the same one, however it is written."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_sdk.utils.quaternion import (
    euler_to_quaternion,
    is_quaternion_rotation,
    normalize_quaternion,
    quaternion_to_euler,
)

HALF = math.sqrt(0.5)
ANGLE = st.floats(-10, 10)
TINY = 1e-9  # float64, after a dozen products


def turn(point: tuple[float, float, float], rotation: Mapping[str, float]) -> list[float]:
    """Turn a point by Euler angles: about the own x, then y, then z, that is z first about fixed axes."""
    x, y, z = point
    a = rotation["z"]
    x, y = x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a)
    a = rotation["y"]
    x, z = x * math.cos(a) + z * math.sin(a), -x * math.sin(a) + z * math.cos(a)
    a = rotation["x"]
    return [x, y * math.cos(a) - z * math.sin(a), y * math.sin(a) + z * math.cos(a)]


def turn_by_quaternion(point: tuple[float, float, float], q: Mapping[str, float]) -> list[float]:
    """Turn a point by a quaternion: p + 2 u x (u x p + w p), of cross products."""

    def cross(a: list[float], b: list[float]) -> list[float]:
        return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]

    u = [q["x"], q["y"], q["z"]]
    inner = [c + q["w"] * p for c, p in zip(cross(u, list(point)), point, strict=True)]
    return [p + 2 * c for p, c in zip(point, cross(u, inner), strict=True)]


@given(ANGLE, ANGLE, ANGLE)
def test_a_quaternion_turns_points_as_its_angles_do(x: float, y: float, z: float):
    angles = {"x": x, "y": y, "z": z}
    point = (1.0, -2.0, 0.5)

    assert turn_by_quaternion(point, euler_to_quaternion(angles)) == pytest.approx(
        turn(point, angles), abs=TINY
    )


@given(ANGLE, ANGLE | st.sampled_from([math.pi / 2, -math.pi / 2]), ANGLE)
def test_there_and_back_is_the_same_rotation(x: float, y: float, z: float):
    quaternion = euler_to_quaternion({"x": x, "y": y, "z": z})

    angles = quaternion_to_euler(quaternion)

    point = (1.0, -2.0, 0.5)
    # Near y = ±90° an angle is the arc sine of almost 1, which keeps half of the digits.
    assert turn(point, angles) == pytest.approx(turn_by_quaternion(point, quaternion), abs=1e-5)
    assert abs(angles["y"]) <= math.pi / 2


@pytest.mark.parametrize(
    ("parts", "unit"),
    [
        ((0, 0, 0, -2), (0, 0, 0, 1)),
        ((1, 0, 0, -1), (-HALF, 0, 0, HALF)),
        ((0, -3, 0, 0), (0, 1, 0, 0)),
        ((0, -1, 1, -1e-12), (0, HALF, -HALF, 0)),
        ((0, 0, 1e-300, 1e-300), (0, 0, HALF, HALF)),
        ((0, 0, 1e300, 1e300), (0, 0, HALF, HALF)),
    ],
)
def test_of_a_rotation_s_two_quaternions_one_is_chosen(parts: tuple[float, ...], unit: tuple[float, ...]):
    found = normalize_quaternion(dict(zip("xyzw", parts, strict=True)))

    assert list(found) == ["x", "y", "z", "w"]
    assert list(found.values()) == pytest.approx(unit, abs=TINY)


@pytest.mark.parametrize(
    ("rotation", "is_one"),
    [
        ({"x": 0, "y": 0, "z": 0, "w": 1}, True),
        ({"x": 0, "y": 0, "z": 0}, False),
        ({"x": 0, "y": 0, "z": "0", "w": 1}, False),
        ({"x": 0, "y": 0, "z": math.nan, "w": 1}, False),
        ([0, 0, 0, 1], False),
        (None, False),
    ],
)
def test_what_a_quaternion_is(rotation: object, is_one: bool):
    assert is_quaternion_rotation(rotation) is is_one


def test_what_is_no_rotation_is_refused():
    with pytest.raises(ValueError, match="length 0 is no rotation"):
        normalize_quaternion(dict.fromkeys("xyzw", 0))
    with pytest.raises(ValueError, match="needed for x, y, z and w"):
        quaternion_to_euler({"x": 1, "y": 0, "z": 0})
    with pytest.raises(ValueError, match="nan is no angle about y"):
        euler_to_quaternion({"x": 0, "y": math.nan, "z": 0})
