"""Where bytes live: content-addressed and whole."""
