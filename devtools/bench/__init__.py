"""The benchmark: each case is compared with a baseline that is measured in the same run on the same servers."""
