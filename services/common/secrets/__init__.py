"""What is secret, how it is kept, and how it is kept out of all that is printed."""
