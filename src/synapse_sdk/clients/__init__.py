"""The wire, spoken over HTTP: one transport, and what is said over it."""
