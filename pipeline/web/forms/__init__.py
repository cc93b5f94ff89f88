"""The forms of an office: made from a blank, looked at with its slots numbered, corrected, checked and saved."""
