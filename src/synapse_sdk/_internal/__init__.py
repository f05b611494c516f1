"""Single-idea modules that every room may use and nobody outside this package should."""
