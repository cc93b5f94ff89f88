"""A form from its blank, and back: found in a notice or a blank sheet, checked, shown, and printed with its totals."""
