"""Tools for developers: benchmark, fuzzing, endurance test, guard trials and private servers.

No image contains this package, and no service imports it.
"""
