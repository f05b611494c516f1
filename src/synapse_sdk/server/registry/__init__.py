"""Plugins, their releases, and the contents that these are made of."""
