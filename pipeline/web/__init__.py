"""Review pages: what is served to the browser, and the API."""
