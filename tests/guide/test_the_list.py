"""The rules of the list itself: every fact has a check, and what is pending may only become less."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli_process import run_to_end
from tests.guide.guide import FACTS, HERE, load_pending

#: How many facts may be pending. Lower it whenever the list shrinks; it never goes up, because a fact that
#: held once is a promise to plugin authors.
PENDING_AT_MOST = 8

#: The issues that bring what is pending. "later" stands for work that has no issue yet.
KNOWN_ISSUES = {3, 4, None}


def test_the_pending_list_only_shrinks():
    assert len(load_pending()) == PENDING_AT_MOST, (
        "the list and PENDING_AT_MOST shrink together, and only shrink"
    )


@pytest.mark.parametrize("id", load_pending())
def test_a_pending_entry_names_a_fact_a_reason_and_an_issue(id: str):
    entry = load_pending()[id]

    assert id in FACTS
    assert len(entry.reason.split()) >= 3
    assert entry.issue in KNOWN_ISSUES


def test_every_fact_is_checked_by_a_test(tmp_path: Path):
    listing = run_to_end(
        [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", str(HERE)],
        cwd=HERE.parent.parent,
        env={"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert listing.returncode == 0, listing

    unchecked = [id for id in FACTS if f"[{id}]" not in listing.stdout and f"[{id}-" not in listing.stdout]

    assert unchecked == []


def test_every_copied_block_is_listed():
    listed = {fact["file"] for fact in FACTS.values() if fact.id.startswith("blocks/")}

    assert {path.name for path in (HERE / "blocks").iterdir()} == listed
