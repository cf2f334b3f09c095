"""`python -m services.cli`, which is what `./cryptoboy` runs."""

from services.cli.app import main

if __name__ == "__main__":
    main()
