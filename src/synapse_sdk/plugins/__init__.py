"""What plugin authors import, and how it is executed."""
