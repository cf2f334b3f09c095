"""Times and offsets as people write them."""
