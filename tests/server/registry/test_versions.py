"""The order of semantic versions."""

from __future__ import annotations

import random

from synapse_sdk.server.registry.versions import version_key


def test_versions_are_ordered_as_the_standard_says():
    # The example of semver.org §11, with some more around it.
    ordered = [
        "0.9.9",
        "1.0.0-1",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.0+build.1",
        "1.2.0",
        "1.10.0",
        "2.0.0",
    ]
    shuffled = random.Random(1).sample(ordered, len(ordered))

    assert sorted(shuffled, key=version_key) == ordered
