"""Takes the guards of the pipeline out of the code, one at a time, and shows whether the tests notice."""
