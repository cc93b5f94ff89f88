"""A collection: which returns count, who has returned, what it sums up to, and its tables. Values alone, no store."""
