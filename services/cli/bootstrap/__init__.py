"""Makes the environment that `./cryptoboy` runs in. Imports the standard library only: there is nothing else yet."""
