"""The providers, a module each, by their older paths."""
