"""The API: the same returns, slots, uploads and exports for programs, described by OpenAPI."""
