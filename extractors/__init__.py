"""Bytes and pixels to values; imports `schemas` alone."""
