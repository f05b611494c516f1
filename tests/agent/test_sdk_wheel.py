from __future__ import annotations

import zipfile
from pathlib import Path

import synapse_sdk
from synapse_sdk._internal.digests import digest_file
from synapse_sdk._version import __version__
from synapse_sdk.agent.sdk_wheel import make_sdk_wheel, read_core_requirements
from synapse_sdk.manifest.manifest import ManifestFile
from synapse_sdk.packaging.plan import PlannedFile
from synapse_sdk.packaging.wheels import check_wheel


def test_the_wheel_is_sound_and_holds_this_sdk(tmp_path: Path):
    made = make_sdk_wheel(tmp_path)

    digest, size_bytes = digest_file(made.path)
    file = ManifestFile(f"wheels/{made.path.name}", 0o644, size_bytes, digest)
    wheel = check_wheel(PlannedFile(file, made.path.parent, made.path))
    assert made.digest == digest
    assert (wheel.name, wheel.version, wheel.tags) == ("synapse-sdk", __version__, ("py3-none-any",))
    with zipfile.ZipFile(made.path) as archive:
        mine = Path(synapse_sdk.__file__).parent / "plugins/action.py"
        assert archive.read("synapse_sdk/plugins/action.py") == mine.read_bytes()
        scripts = archive.read(f"synapse_sdk-{__version__}.dist-info/entry_points.txt").decode()
        assert "synapse = synapse_sdk.cli.entry:main" in scripts
        assert not any("__pycache__" in name for name in archive.namelist())


def test_two_wheels_of_one_sdk_are_the_same_bytes(tmp_path: Path):
    first, second = make_sdk_wheel(tmp_path / "a"), make_sdk_wheel(tmp_path / "b")

    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.path.parent.name == first.digest.removeprefix("sha256:")


def test_the_core_needs_nothing_of_the_extras():
    names = {text.partition(">")[0] for text in read_core_requirements()}

    assert "pydantic" in names
    assert not names & {"fastapi", "uv", "pytest"}
