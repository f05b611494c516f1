"""The providers, a module each. They are imported by name, when a storage of theirs is opened."""
