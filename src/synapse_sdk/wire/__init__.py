"""Values that cross a process border: frozen pydantic models that carry their schema version. No logic."""
