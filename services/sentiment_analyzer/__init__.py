"""Score: articles in, one sentiment signal for each pair out."""
