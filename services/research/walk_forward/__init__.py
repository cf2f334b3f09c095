"""Walk-forward: parameters fitted on one stretch of time, tested on the next, and only that counts."""
