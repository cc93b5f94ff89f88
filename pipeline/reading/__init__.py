"""A file to its readings: pages and typed text, one return or several, here or in worker processes."""
