"""What stands in a slot, and how sure: readers' evidence to values, blanks and doubts."""
