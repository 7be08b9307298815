"""Test suites that plug-ins of others can run on themselves."""
