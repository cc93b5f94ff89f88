"""Returns made by the project, with their truth, and the maker: `python -m samples.make --help`."""
