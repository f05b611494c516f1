"""The archive: the same bytes everywhere, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from synapse_sdk.packaging import SecretFoundError, write_archive
from synapse_sdk.plugins.errors import ArchiveError
from tests.manifest.folders import write_files
from tests.packaging.make_plugin import FILES, make_plan, paths_of

TOKEN = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0" + "P9o8N7m6L5k4J3i2"

PACK = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from synapse_sdk.packaging import build_plan, write_archive
    from tests.packaging.make_plugin import make_config

    plan = build_plan(Path(sys.argv[1]), make_config())
    archive = write_archive(plan, Path(sys.argv[2]))
    print(json.dumps([plan.contents_digest, archive.digest, archive.size_bytes]))
    """
)
ROOT = Path(__file__).parents[2]


def pack_in_a_process(folder: Path, destination: Path, **environment: str) -> list[object]:
    """Plan and pack in a fresh interpreter; return the release's digest and the archive's digest and size."""
    finished = subprocess.run(
        [sys.executable, "-c", PACK, str(folder), str(destination)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    packed: list[object] = json.loads(finished.stdout)
    return packed


def test_every_planned_file_is_in_the_archive(tmp_path: Path):
    plan = make_plan(tmp_path / "plugin", {"run.sh": "#!/bin/sh\n", "données/é.txt": "x", "empty.txt": ""})
    (tmp_path / "plugin/run.sh").chmod(0o700)
    plan = make_plan(tmp_path / "plugin")

    write_archive(plan, tmp_path / "release.zip")

    with zipfile.ZipFile(tmp_path / "release.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == paths_of(plan)
        for planned in plan.files:
            info = archive.getinfo(planned.file.path)
            assert archive.read(info) == planned.location.read_bytes()
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.create_system == 3
            assert stat.S_IMODE(info.external_attr >> 16) == planned.file.mode
        assert archive.getinfo("run.sh").external_attr >> 16 == 0o100755


def test_what_does_not_shrink_is_stored(tmp_path: Path):
    noise = os.urandom(100_000)
    plan = make_plan(tmp_path / "plugin", {"weights.bin": noise, "log.txt": "the same line\n" * 1000})

    write_archive(plan, tmp_path / "release.zip")

    with zipfile.ZipFile(tmp_path / "release.zip") as archive:
        assert archive.getinfo("weights.bin").compress_type == zipfile.ZIP_STORED
        assert archive.getinfo("log.txt").compress_type == zipfile.ZIP_DEFLATED


def test_a_folder_gives_the_same_bytes_on_another_path_at_another_time_with_other_settings(tmp_path: Path):
    here = write_files(
        tmp_path / "here",
        {
            **FILES,
            "données/é.txt": "x",
            "Zebra.txt": "z",
            "a-b/c": "1",
            "a/b": "2",
            "noise": os.urandom(3_000_000),
        },
    )
    (here / "run.sh").write_text("#!/bin/sh\n")
    (here / "run.sh").chmod(0o755)
    # Written anew in another order, so that the folder lists them in another order.
    there = tmp_path / "a much/longer path/there"
    for path in sorted(here.rglob("*"), reverse=True):
        if path.is_file():
            target = there / path.relative_to(here)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o700 if path.name == "run.sh" else 0o600)
            os.utime(target, (86_400, 86_400))

    first = pack_in_a_process(here, tmp_path / "1.zip", LC_ALL="C.UTF-8", TZ="UTC", PYTHONHASHSEED="1")
    before = os.umask(0o077)
    try:
        second = pack_in_a_process(
            there, tmp_path / "2.zip", LC_ALL="C", TZ="Asia/Seoul", PYTHONHASHSEED="2", PYTHONUTF8="0"
        )
    finally:
        os.umask(before)

    assert first == second
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_an_unpacked_release_has_the_digest_of_its_folder(tmp_path: Path):
    plan = make_plan(tmp_path / "plugin", {".synapseignore": "*.log\n", "run.log": "", ".env": "A=1"})
    write_archive(plan, tmp_path / "release.zip")

    with zipfile.ZipFile(tmp_path / "release.zip") as archive:
        archive.extractall(tmp_path / "unpacked")

    assert make_plan(tmp_path / "unpacked").contents_digest == plan.contents_digest


@pytest.mark.parametrize("content", ["class TrainAction: pass\n", "", "class TrainAction: ...\n# and more\n"])
def test_a_file_that_changed_since_the_plan_is_refused_by_name(tmp_path: Path, content: str):
    plan = make_plan(tmp_path / "plugin")
    (tmp_path / "plugin/plugin/train.py").write_text(content)

    with pytest.raises(ArchiveError, match=r"plugin/train\.py changed while it was being packed"):
        write_archive(plan, tmp_path / "release.zip")

    assert [path.name for path in tmp_path.iterdir()] == ["plugin"]


def test_a_file_that_grows_for_ever_is_not_read_for_ever(tmp_path: Path):
    plan = make_plan(tmp_path / "plugin")
    train = tmp_path / "plugin/plugin/train.py"
    train.unlink()
    train.symlink_to("/dev/zero")

    with pytest.raises(ArchiveError, match=r"plugin/train\.py changed"):
        write_archive(plan, tmp_path / "release.zip")


def test_a_file_that_vanished_since_the_plan_is_refused_by_name(tmp_path: Path):
    plan = make_plan(tmp_path / "plugin")
    (tmp_path / "plugin/README.md").unlink()

    with pytest.raises(ArchiveError, match=r"README\.md can not be read any more: No such file or directory"):
        write_archive(plan, tmp_path / "release.zip")


def test_a_plan_with_secrets_is_never_packed(tmp_path: Path):
    plan = make_plan(tmp_path / "plugin", {"plugin/keys.py": TOKEN})

    with pytest.raises(SecretFoundError):
        write_archive(plan, tmp_path / "release.zip")

    assert not (tmp_path / "release.zip").exists()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path):
    plan = make_plan(tmp_path / "plugin")

    with pytest.raises(
        ArchiveError, match=r"gone/release\.zip can not be written: No such file or directory"
    ):
        write_archive(plan, tmp_path / "gone/release.zip")


DISK_FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"


def test_a_disk_that_is_full_leaves_the_old_archive_and_nothing_else(tmp_path: Path):
    folder = write_files(tmp_path / "plugin", {**FILES, "weights.bin": os.urandom(200_000)})
    (tmp_path / "out").mkdir()
    (tmp_path / "out/release.zip").write_bytes(b"the last one")

    finished = subprocess.run(
        [sys.executable, "-c", DISK_FULL + PACK, str(folder), str(tmp_path / "out/release.zip")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "ArchiveError" in finished.stderr
    assert "release.zip can not be written: File too large" in finished.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["release.zip"]
    assert (tmp_path / "out/release.zip").read_bytes() == b"the last one"


#: The interpreter tells of each file that is opened. At this one, in the middle, a real Ctrl-C arrives.
INTERRUPT_AT_TRAIN = (
    "import os, signal\n"
    "def interrupt(event, arguments):\n"
    "    if event == 'open' and str(arguments[0]).endswith('train.py'):\n"
    "        os.kill(os.getpid(), signal.SIGINT)\n"
    "sys.addaudithook(interrupt)\n"
)


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path):
    folder = write_files(tmp_path / "plugin", FILES)
    interrupted = PACK.replace("archive = write_archive", INTERRUPT_AT_TRAIN + "archive = write_archive")
    (tmp_path / "out").mkdir()

    finished = subprocess.run(
        [sys.executable, "-c", interrupted, str(folder), str(tmp_path / "out/release.zip")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == -signal.SIGINT, finished.stderr
    assert list((tmp_path / "out").iterdir()) == []
