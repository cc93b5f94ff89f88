"""Where a person looks at what the machine is unsure of: the queue, a return, the modes, the audit trail."""
