"""How the project's own weights were made: run by hand, never needed to read a return. Needs PyTorch (extra `train`)."""
