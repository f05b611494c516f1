"""Commands, options with their short forms, and modes: as `--help` of the real program tells them."""

from __future__ import annotations

import re
from functools import cache

from tests.cli_process import Synapse
from tests.guide.guide import Fact, each_fact


@each_fact("commands")
def test_a_command_of_the_guide_exists_and_explains_itself(fact: Fact, synapse: Synapse):
    *group, name = fact["command"]

    listing = synapse(*group, "--help")
    help_page = synapse(*group, name, "--help")

    assert re.search(rf"^\s+{name}\s", listing.stdout, re.MULTILINE), listing
    assert help_page.returncode == 0, help_page
    assert " ".join(["synapse", *fact["command"]]) in help_page.stdout


@each_fact("options")
def test_an_option_of_the_guide_is_offered_as_the_guide_writes_it(fact: Fact, synapse: Synapse):
    option = "--" + fact.id.rpartition("--")[2]

    page = synapse(*fact["command"], "--help")
    offered = _offered(page.stdout)

    assert option in offered, page
    assert fact.get("short") is None or fact["short"] in offered[option].names
    assert offered[option].takes_value is fact["value"]


@each_fact("modes")
def test_a_mode_of_the_guide_is_offered(fact: Fact, synapse: Synapse):
    page = synapse("plugin", "run", "--help")

    explained = re.search(r"^ {2}-m, --mode.*(\n {4,}.*)*", page.stdout, re.MULTILINE)
    assert explained is not None, page
    assert re.search(rf"\b{fact.key}\b", explained.group())


class _Option:
    def __init__(self, line: str) -> None:
        #: The declaration, such as `-p, --path DIRECTORY` or `--debug / --no-debug`.
        self.line = line
        self.names = re.findall(r"(?<![\w-])--?[a-z][\w-]*", line)
        self.takes_value = bool(re.search(r"\s(\[[^\]]+\]|<[^>]+>|[A-Z][A-Z_.]+)", line))


@cache
def _offered(help_page: str) -> dict[str, _Option]:
    """Read the options off a help page, by each of their names."""
    # A declaration starts a line two spaces in; its explanation follows after two more, or on the next line.
    declarations = re.findall(r"^ {2}(-.+?)(?: {2,}.*)?$", help_page, re.MULTILINE)
    options = [_Option(declaration) for declaration in declarations]
    return {name: option for option in options for name in option.names}
