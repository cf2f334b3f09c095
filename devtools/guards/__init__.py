"""Removes the guards of the pipeline from the code, one at a time, and shows whether the tests fail without them."""
