"""Every promise, checked. `make test` runs `tests.suites`, `make sabotage` runs `tests.sabotage`."""
