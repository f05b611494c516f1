"""Measure the platform and print the table: `make bench-platform`."""

from __future__ import annotations

import sys

import idle
import ingest
import pages
import publish
import remote_noop
from figures import print_table


def main() -> int:
    figures = [
        *ingest.measure(),
        *publish.measure(rounds=2),
        *remote_noop.measure(),
        *idle.measure(),
        *pages.measure(),
    ]
    print_table(figures)
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
