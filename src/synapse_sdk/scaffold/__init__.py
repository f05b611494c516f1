"""`plugin create`: templates and their filling."""
