"""The office at work: from the inbox to the archive and the store, to readings, and to the tables of the night."""
