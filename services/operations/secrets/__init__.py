"""Makes the secret files and the certificates of a production system, and imports secrets from `.env`."""
