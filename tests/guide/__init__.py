"""The plugin guide as a test: every fact in it is checked against the product, or is listed as pending."""
