"""Datasets with versions, models with their origin, and files on their way in."""
