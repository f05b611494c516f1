"""Local wheels: which are accepted, and what is said of the others."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.packaging.contents import PlannedFile
from synapse_sdk.packaging.wheels import Wheel, check_wheel, find_duplicates
from synapse_sdk.plugins.errors import BuildError, ChecksumMismatchError
from tests.packaging.make_wheel import make_wheel, record_hash

NAME = "wheels/tiny-1.0-py3-none-any.whl"


def check(folder: Path, data: bytes, path: str = NAME) -> Wheel:
    location = folder / "some.whl"
    location.write_bytes(data)
    return check_wheel(
        PlannedFile(ManifestFile(path, 0o644, len(data), "sha256:"), location.parent, location)
    )


def test_a_sound_wheel_is_read(tmp_path: Path):
    assert check(tmp_path, make_wheel()) == Wheel(NAME, "tiny", "1.0", ("py3-none-any",))


def test_names_and_versions_are_compared_in_their_normal_form(tmp_path: Path):
    data = make_wheel(
        "Tiny_Pkg", "1.0.0", members={"Tiny_Pkg-1.0.0.dist-info/METADATA": b"Name: tiny-pkg\nVersion: 1.0\n"}
    )

    assert check(tmp_path, data, "wheels/tiny_pkg-1.0-py3-none-any.whl").name == "tiny-pkg"


def test_a_nested_dist_info_of_a_bundled_package_does_not_confuse(tmp_path: Path):
    data = make_wheel(members={"tiny/_vendor/other-2.0.dist-info/METADATA": b"Name: other\n"})

    assert check(tmp_path, data).name == "tiny"


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_stronger_hashes_are_checked_too(tmp_path: Path, algorithm: str):
    body = b"ANSWER = 42\n" * 20

    assert check(tmp_path, make_wheel(record={"tiny.py": record_hash(body, algorithm)}))
    with pytest.raises(ChecksumMismatchError):
        check(tmp_path, make_wheel(record={"tiny.py": record_hash(b"other", algorithm)}))


def test_bytes_that_record_does_not_promise_name_wheel_and_member(tmp_path: Path):
    with pytest.raises(ChecksumMismatchError) as caught:
        check(tmp_path, make_wheel(record={"tiny.py": record_hash(b"something else")}))

    assert caught.value.message == (
        f"{NAME}: the bytes of tiny.py are not those that the wheel's RECORD promises."
    )
    assert caught.value.details == {"wheel": NAME, "member": "tiny.py"}


def test_a_flipped_bit_is_a_checksum_mismatch(tmp_path: Path):
    data = bytearray(make_wheel(compression=zipfile.ZIP_STORED))
    data[data.index(b"ANSWER")] ^= 1

    with pytest.raises(ChecksumMismatchError, match=r"tiny\.py"):
        check(tmp_path, bytes(data))


INFO = "tiny-1.0.dist-info"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"not a zip", "is not a sound zip file"),
        (b"", "is not a sound zip file"),
        (make_wheel()[:-30], "is not a sound zip file"),
        (make_wheel(without=(f"{INFO}/METADATA",)), f"has no {INFO}/METADATA"),
        (make_wheel(without=(f"{INFO}/WHEEL",)), f"has no {INFO}/WHEEL"),
        (make_wheel(without=(f"{INFO}/RECORD",)), f"has no {INFO}/RECORD"),
        (make_wheel("other"), "holds other-1.0.dist-info, which is another distribution"),
        (make_wheel(version="2.0"), "holds tiny-2.0.dist-info, which is another distribution"),
        (
            make_wheel(members={f"{INFO}/METADATA": b"Name: tiny\nVersion: 3.0\n"}),
            "is tiny 3.0 by its METADATA, not what its name says",
        ),
        (make_wheel(members={"a-1.dist-info/x": b""}), "must have one .dist-info folder and has 2"),
        (make_wheel(record={"tiny.py": ""}), "holds tiny.py, for which its RECORD has no hash"),
        (make_wheel(record={"gone.py": record_hash(b"")}), "lacks gone.py, which its RECORD lists"),
        (make_wheel(record={"tiny.py": "md5=abc"}), "has a hash by md5 in its RECORD (allowed: sha256 or"),
        (make_wheel(members={"../escape.py": b""}), "has a member that leads out of it: '../escape.py'"),
        (make_wheel(members={"/etc/escape": b""}), "has a member that leads out of it: '/etc/escape'"),
        (make_wheel(members={f"{INFO}/METADATA": b"\xff"}), f"has a {INFO}/METADATA that is not UTF-8"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_sound_wheel_is_a_build_error_that_says_why(tmp_path: Path, data: bytes, what: str):
    with pytest.raises(BuildError, match=re.escape(f"{NAME} {what}")):
        check(tmp_path, data)


@pytest.mark.parametrize(
    "name", ["tiny.whl", "tiny-1.0.whl", "tiny-one-py3-none-any.whl", "ti ny-1.0-py3-none-any.whl"]
)
def test_a_name_that_is_no_wheels_name_is_a_build_error(tmp_path: Path, name: str):
    with pytest.raises(BuildError, match="does not have a wheel's name"):
        check(tmp_path, make_wheel(), f"wheels/{name}")


def test_a_member_that_is_there_twice_is_a_build_error(tmp_path: Path):
    buffer = BytesIO(make_wheel())
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("tiny.py", b"ANSWER = 41\n")

    with pytest.raises(BuildError, match=r"has two members named tiny\.py"):
        check(tmp_path, buffer.getvalue())


def test_a_bomb_is_refused_without_unpacking_it(tmp_path: Path):
    data = make_wheel(members={"zeros.bin": bytes(70 * 1024**2)})

    with pytest.raises(BuildError, match=r"has [\d,]+ bytes and would unpack to 73,4[\d,]+"):
        check(tmp_path, data)


def test_a_member_that_unpacks_to_more_than_it_declares_is_no_way_round(tmp_path: Path):
    size_bytes = 80_123_456
    data = bytearray(make_wheel(members={"zeros.bin": bytes(size_bytes)}))
    # The declared size stands in the central directory as in the local header.
    true, claimed = size_bytes.to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert data.count(true) == 2

    with pytest.raises(ChecksumMismatchError, match=r"zeros\.bin"):
        check(tmp_path, bytes(data.replace(true, claimed)))


@pytest.mark.parametrize(
    ("other", "clashes"),
    [
        (Wheel("wheels/tiny-2.0-py3-none-any.whl", "tiny", "2.0", ("py3-none-any",)), True),
        (Wheel("wheels/tiny-1.0-1-py3-none-any.whl", "tiny", "1.0", ("py3-none-any",)), True),
        (
            Wheel("wheels/tiny-1.0-cp311-abi3-linux_x86_64.whl", "tiny", "1.0", ("cp311-abi3-linux_x86_64",)),
            False,
        ),
        (Wheel("wheels/small-1.0-py3-none-any.whl", "small", "1.0", ("py3-none-any",)), False),
    ],
)
def test_two_wheels_between_which_an_installer_must_choose_are_a_warning(other: Wheel, *, clashes: bool):
    warnings = find_duplicates([Wheel(NAME, "tiny", "1.0", ("py3-none-any",)), other])

    assert [NAME in warning and other.path in warning for warning in warnings] == ([True] if clashes else [])
