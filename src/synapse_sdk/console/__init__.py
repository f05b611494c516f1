"""The server's pages for people: the same services as the API, no rules and no SQL of its own."""
