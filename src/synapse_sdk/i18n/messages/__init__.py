"""The SDK's own texts, a module for each language. Keys are the codes of `LogMessageCode`s."""
