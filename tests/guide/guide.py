"""The plugin guide as data: its facts in `facts/*.yaml`, its code blocks in `blocks/`, what is pending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the guide says. `id` is its section (the file's name) and its key there."""

    id: str
    data: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.data.get(key, default)

    @property
    def key(self) -> str:
        return self.id.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Pending:
    """Why a fact does not hold yet, and the issue that brings it (None: later, no issue yet)."""

    reason: str
    issue: int | None


def load_facts() -> dict[str, Fact]:
    """Read every fact, by id."""
    facts: dict[str, Fact] = {}
    for path in sorted((HERE / "facts").glob("*.yaml")):
        for key, data in _load(path).items():
            fact = Fact(f"{path.stem}/{key}", data)
            facts[fact.id] = fact
    return facts


def load_pending() -> dict[str, Pending]:
    """Read the list of what is not there yet, by fact id."""
    entries = _load(HERE / "pending.yaml") or {}
    return {
        key: Pending(entry["reason"], None if entry["issue"] == "later" else int(entry["issue"]))
        for key, entry in entries.items()
    }


def block(name: str) -> str:
    """Return the text of a code block by its id in facts/blocks.yaml."""
    return (HERE / "blocks" / FACTS[f"blocks/{name}"]["file"]).read_text(encoding="utf-8")


def each_fact(section: str) -> pytest.MarkDecorator:
    """Run a test once for every fact of a section: the test's `fact`."""
    return _parametrize([fact for fact in FACTS.values() if fact.id.partition("/")[0] == section])


def the_fact(*ids: str) -> pytest.MarkDecorator:
    """Say that a test checks exactly these facts; it runs once for each."""
    return _parametrize([FACTS[id] for id in ids])


def _parametrize(facts: list[Fact]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("fact", facts, ids=[fact.id for fact in facts])


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(path)
    return loaded


FACTS = load_facts()
