"""Speed, measured: each case against a baseline taken in the same run on the same servers."""
