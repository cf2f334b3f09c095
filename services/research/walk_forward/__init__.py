"""Walk-forward: parameters are fitted on one period and tested on the next; only the tests count."""
