"""The notices of an office: read from a file, looked at beside their pages, confirmed and corrected field by field."""
