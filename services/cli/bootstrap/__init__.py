"""Makes the virtual environment of `./cryptoboy` with the standard library only, as no package is installed yet."""
