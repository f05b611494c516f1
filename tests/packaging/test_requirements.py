"""requirements.txt: which lines an installer would take."""

from __future__ import annotations

from pathlib import Path

import pytest

from synapse_sdk.manifest import ManifestFile
from synapse_sdk.packaging.contents import PlannedFile
from synapse_sdk.packaging.requirements import check_requirements
from tests.manifest.folders import write_files


def problems(folder: Path, files: dict[str, str | bytes]) -> list[str]:
    write_files(folder, files)
    planned = {path: PlannedFile(ManifestFile(path, 0o644, 0, "sha256:"), folder) for path in files}
    return [str(problem) for problem in check_requirements(planned)]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "numpy",
            "numpy>=2,<3",
            "torch[cuda]==2.5.*",
            "  scipy  ",
            "# a comment",
            "",
            "numpy # with a comment",
        ),
        'pywin32; sys_platform == "win32"',
        "tiny @ https://files.company.io/tiny-1.0-py3-none-any.whl#sha256=00",
        "https://files.company.io/tiny-1.0-py3-none-any.whl",
        "git+https://github.com/team/repo.git@v1#egg=repo",
        "-e git+https://github.com/team/repo.git#egg=repo",
        "-e .",
        ".[extra]",
        "./wheels/tiny-1.0-py3-none-any.whl",
        "wheels/tiny-1.0-py3-none-any.whl ; python_version > '3'",
        "-i https://pypi.company.io/simple",
        "--index-url=https://pypi.company.io/simple",
        "--extra-index-url https://${USER_NAME}:${PASSWORD}@pypi.company.io/simple",
        "--find-links wheels",
        "--no-index",
        "--pre",
        "-r more.txt",
        "-rmore.txt",
        "-c https://company.io/constraints.txt",
        "numpy==2.1.0 --hash=sha256:aaaa --hash=sha256:bbbb",
        "numpy==2.1.0 \\\n    --hash=sha256:aaaa \\\n    --hash=sha256:bbbb",
        "numpy \\\n>=2",
    ],
)
def test_a_line_that_an_installer_takes_is_no_problem(tmp_path: Path, line: str):
    files: dict[str, str | bytes] = {
        "requirements.txt": f"{line}\n",
        "more.txt": "",
        "wheels/tiny-1.0-py3-none-any.whl": "",
    }

    assert problems(tmp_path, files) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("numpy\n\nnumpy=2\n", "requirements.txt:3: 'numpy=2' is not a requirement: "),
        ("numpy >= \n", "requirements.txt:1: 'numpy >=' is not a requirement: "),
        ("numpy; python > 3\n", "requirements.txt:1: 'numpy; python > 3' is not a requirement: "),
        ("pip install numpy\n", "requirements.txt:1: 'pip install numpy' is not a requirement: "),
        ("import numpy\n", "requirements.txt:1: 'import numpy' is not a requirement: "),
        ("a\n# b\nnum py \\\n --hash=sha256:aa\n", "requirements.txt:3: 'num py' is not a requirement: "),
        (
            "--indexurl https://a.io\n",
            "requirements.txt:1: --indexurl is not an option of a requirements file; did you mean --index",
        ),
        ("-z\n", "requirements.txt:1: -z is not an option of a requirements file"),
        ("-r\n", "requirements.txt:1: -r needs a value"),
        ("-r gone.txt\n", "requirements.txt:1: gone.txt is not among the files that travel"),
        (
            "./wheels/gone-1.0-py3-none-any.whl\n",
            "requirements.txt:1: ./wheels/gone-1.0-py3-none-any.whl is not among",
        ),
        (
            "/home/me/tiny-1.0-py3-none-any.whl\n",
            "requirements.txt:1: /home/me/tiny-1.0-py3-none-any.whl is not among",
        ),
        ("-e ../other\n", "requirements.txt:1: ../other is not among the files that travel"),
    ],
)
def test_a_line_that_no_installer_takes_is_named(tmp_path: Path, text: str, problem: str):
    (found,) = problems(tmp_path, {"requirements.txt": text})

    assert found.startswith(problem)


def test_all_problems_are_named_also_those_of_included_files(tmp_path: Path):
    files: dict[str, str | bytes] = {
        "requirements.txt": "numpy=1\n-r requirements/dev.txt\nscipy=2\n",
        "requirements/dev.txt": "-r base.txt\n-r ../requirements.txt\nruff=3\n",
        "requirements/base.txt": "mypy=4\n",
    }

    assert [problem.partition(" is not")[0] for problem in problems(tmp_path, files)] == [
        "requirements.txt:1: 'numpy=1'",
        "requirements.txt:3: 'scipy=2'",
        "requirements/base.txt:1: 'mypy=4'",
        "requirements/dev.txt:3: 'ruff=3'",
    ]


def test_a_plugin_without_requirements_has_no_problems(tmp_path: Path):
    assert problems(tmp_path, {"config.yaml": ""}) == []


@pytest.mark.parametrize(
    "data", ["numpy\n".encode("utf-16"), b"\xef\xbb\xbfnumpy\n", b"# coding: latin-1\n# caf\xe9\nnumpy\n"]
)
def test_the_encodings_of_pip_are_read(tmp_path: Path, data: bytes):
    assert problems(tmp_path, {"requirements.txt": data}) == []


def test_a_file_that_is_not_text_is_a_problem(tmp_path: Path):
    (problem,) = problems(tmp_path, {"requirements.txt": b"caf\xe9\n"})

    assert problem.startswith("requirements.txt:1: the file is not text in its encoding")


def test_a_password_in_a_line_is_not_shown(tmp_path: Path):
    secret = "S3cret" + "Word"
    (problem,) = problems(tmp_path, {"requirements.txt": f"tiny @ https://me:{secret}@a.io/tiny.whl oops\n"})

    assert "://…@a.io" in problem
    assert secret not in problem
