"""Folder → manifest: which files travel, why the others stay, and one digest for all."""
