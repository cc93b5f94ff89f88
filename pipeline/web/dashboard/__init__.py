"""The office at a glance: dashboard, totals, units, files, downloads, and what is collected."""
