"""One module for each kind of page: request → services → template."""
