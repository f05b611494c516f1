"""The SDK that is running → its own wheel: environments get this very SDK, no other of its name."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synapse_sdk._internal.atomic_write import atomic_write
from synapse_sdk._internal.digests import digest_bytes
from synapse_sdk._internal.errors import SynapseError
from synapse_sdk._version import __version__

DISTRIBUTION = "synapse-sdk"
#: The oldest moment that a zip entry can carry: two builds of the same SDK have the same digest.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_WHEEL = "Wheel-Version: 1.0\nGenerator: synapse-sdk\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class SdkWheelError(SynapseError):
    """The running SDK can not be packed."""


@dataclass(frozen=True, slots=True)
class SdkWheel:
    """The wheel of the running SDK."""

    path: Path
    digest: str


def make_sdk_wheel(folder: Path) -> SdkWheel:
    """Pack the running SDK, installed or editable, into `folder/<digest hex>/`; the same SDK is packed once.

    Raises:
        SdkWheelError: It runs from a folder that was never installed, so nobody knows what it depends on.
        OSError: There is no room.
    """
    name = f"synapse_sdk-{__version__}-py3-none-any.whl"
    data = _pack(dict(_iter_members()))
    digest = digest_bytes(data)
    path = folder / digest.removeprefix("sha256:") / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, data)
    os.utime(path)  # its last use, for who removes what is not used
    return SdkWheel(path, digest)


def read_core_requirements() -> list[str]:
    """Return what the running SDK needs without any extra."""
    from importlib.metadata import requires

    return sorted(text for text in requires(DISTRIBUTION) or [] if not re.search(r";.*\bextra\b", text))


def _iter_members() -> Iterator[tuple[str, bytes]]:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError as error:
        raise SdkWheelError(
            "This SDK runs from a folder that was never installed.",
            hint="Install it: pip install -e PATH-OF-THE-CHECKOUT",
        ) from error
    package = Path(__file__).resolve().parent.parent
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"synapse_sdk/{path.relative_to(package).as_posix()}", path.read_bytes()
    info = f"synapse_sdk-{__version__}.dist-info"
    # An editable installation keeps the version of the day it was made.
    metadata = re.sub(
        r"^Version: .*$",
        f"Version: {__version__}",
        installed.read_text("METADATA") or "",
        count=1,
        flags=re.MULTILINE,
    )
    yield f"{info}/METADATA", metadata.encode()
    yield f"{info}/WHEEL", _WHEEL.encode()
    for name in ("entry_points.txt", "licenses/LICENSE"):
        if (text := installed.read_text(name)) is not None:
            yield f"{info}/{name}", text.encode()


def _pack(members: dict[str, bytes]) -> bytes:
    info = next(name.partition("/")[0] for name in members if ".dist-info/" in name)
    members = {**members, f"{info}/RECORD": _record(members, f"{info}/RECORD")}
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, wherever this is run
            archive.writestr(entry, data)
    return output.getvalue()


def _record(members: dict[str, bytes], own_name: str) -> bytes:
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    for name, data in members.items():
        hashed = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        writer.writerow([name, f"sha256={hashed}", len(data)])
    writer.writerow([own_name, "", ""])
    return rows.getvalue().encode()
