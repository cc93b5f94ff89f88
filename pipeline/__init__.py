"""The flow, its state, its ways in and out; imports `schemas` and `extractors`."""
