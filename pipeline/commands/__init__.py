"""What the command line asks for: options, messages, and what each command does with the rest of the house."""
