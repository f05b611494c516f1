"""Jobs and their attempts, the agents that run them, and what attempts tell: events, metrics, logs."""
