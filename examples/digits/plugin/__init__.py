"""Reads handwritten digits. Each action of config.yaml is a class in one of these modules."""
