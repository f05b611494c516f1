"""The examples of each page happen as the page says, in the order in which it says them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, name_of, read_blocks
from tests.docs.story import READ_ONLY, find_missing, plan_story, run_story

#: Blocks that pages ask to leave alone, by the page and the block's first line. A page may add one with
#: `<!-- not run: why -->`; it is listed here too, so that nobody does so by habit.
NOT_RUN = {
    ("docs/guide/getting-started.md", "$ pip install ."),
    ("docs/guide/server.md", "$ pip install '.[server]'"),
    (
        "docs/guide/tokens.md",
        "$ synapse agent start --host https://synapse.example.org --token-file agent.token",
    ),
}
#: Languages whose blocks are carried out or checked.
CARRIED_OUT = frozenset({"console", "python", "yaml", "setup", "bash"})


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_tells_what_happens(page: Path, tmp_path: Path):
    told = run_story(page, tmp_path)

    problems = [problem for step in told if (problem := step.find_problem())]
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_carried_out_checked_or_plain_text(page: Path):
    odd = [
        f"{block.place}: {block.language}"
        for block in read_blocks(page)
        if block.language not in CARRIED_OUT | READ_ONLY and not {"file", "not run"} & set(block.notes)
    ]

    assert not odd


def test_what_is_left_alone_has_a_reason_and_is_listed_here():
    found = {
        (name_of(page), block.text.splitlines()[0]): block.notes["not run"]
        for page in PAGES
        for block in read_blocks(page)
        if "not run" in block.notes
    }

    assert all(found.values()), found
    assert set(found) == NOT_RUN


def test_every_page_of_the_guide_shows_something_that_runs(tmp_path: Path):
    silent = {name_of(page) for page in PAGES if not plan_story(page, tmp_path)[0]}

    assert silent <= {"docs/guide/README.md", "docs/guide/differences.md"}


def test_a_page_that_says_otherwise_is_caught(tmp_path: Path):
    blocks = """
        ```console
        $ synapse --version
        synapse-sdk 2026.12.0 and more
        $ synapse run show 1
        ```
        ```python
        assert 1 + 1 == 3
        ```
    """
    page = tmp_path / "page.md"
    page.write_text("\n".join(line.strip() for line in blocks.splitlines()), encoding="utf-8")
    (tmp_path / "story").mkdir()

    told = run_story(page, tmp_path / "story")

    problems = [step.find_problem() for step in told]
    assert len(problems) == 3
    assert "did not print, in this order: 'synapse-sdk 2026.12.0 and more'" in str(problems[0])
    assert "ended with exit code 2, not 0" in str(problems[1])
    assert "AssertionError" in str(problems[2])


def test_a_server_of_a_page_is_asked_where_it_listens_and_ends_with_the_page(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        """```console
$ synapse server start --no-agent --data-dir data
Synapse server at http://127.0.0.1:8000, data in …/data. Stop it with Ctrl-C.
…
$ synapse server status --data-dir data
…
state     running
…
$ python -c "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/health/').status)"
200
```
<!-- exits: 2 -->
```console
$ synapse server start --host 0.0.0.0 --data-dir other
error: 0.0.0.0 can be reached …
…
```
""",
        encoding="utf-8",
    )
    (tmp_path / "story").mkdir()

    told = run_story(page, tmp_path / "story")

    assert not [problem for step in told if (problem := step.find_problem())]
    assert len(told) == 4
    # The server removes it when it has ended well.
    assert (tmp_path / "story/work/data/format").is_file()
    assert not (tmp_path / "story/work/data/server.json").exists()


@pytest.mark.parametrize(
    ("expected", "printed", "missing"),
    [
        (["Succeeded in 0.1 s   (run 1)"], ["Succeeded in 12 s (run 7)"], None),
        (["code  sha256:…"], ["code  sha256:0123abcd"], None),
        (["code: … here"], ["code: /somewhere here"], None),
        (["one", "two"], ["one", "more", "two"], None),
        (["two", "one"], ["one", "two"], "one"),
        (["error: none"], ["error: some"], "error: none"),
        (["0.3 | ⢆"], ["0.4 | ⠀⢇"], None),
    ],
)
def test_output_is_compared_by_its_words(expected: list[str], printed: list[str], missing: str | None):
    assert find_missing(expected, printed) == missing
