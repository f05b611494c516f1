"""A user's stories, through the real programs."""
