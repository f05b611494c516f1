"""Plugin folder → release plan → repeatable archive."""
