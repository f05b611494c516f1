"""Specialised bases, one module per kind of work."""
