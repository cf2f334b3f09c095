"""What a happening says: what is known, how sure it is, and from whom. No message advises to buy or to sell."""
