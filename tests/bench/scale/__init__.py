"""`make bench-scale`: what one machine reads, what the store costs as it grows, and a province's day; docs/scale.md."""
