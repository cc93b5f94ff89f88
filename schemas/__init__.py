"""What things are: forms, readings, errors. Imports nothing of ours, does no I/O, sees no pixels."""
