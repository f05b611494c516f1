"""argv in; one library call; words and an exit code out. The only room that draws on a terminal."""
