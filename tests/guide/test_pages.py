"""The pages that the guide sends its reader to exist in our manual."""

from __future__ import annotations

from pathlib import Path

from tests.guide.guide import Fact, each_fact

MANUAL = Path(__file__).parents[2] / "docs/guide"


@each_fact("pages")
def test_the_manual_has_the_page(fact: Fact):
    page = MANUAL / fact["page"]

    assert page.is_file()
    assert page.read_text(encoding="utf-8").startswith("# ")
