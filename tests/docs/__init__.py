"""The manual is honest: its examples run, its links lead somewhere, its tables are the product's own."""
