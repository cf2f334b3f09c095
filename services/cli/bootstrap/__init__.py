"""Makes the virtual environment of `./cryptoboy`, with the standard library only: nothing else is installed yet."""
