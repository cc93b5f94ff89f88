"""What is measured, not asserted: accuracy, silent errors and time, against rivals in the same run."""
