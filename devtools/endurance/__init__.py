"""Ten minutes under load: whether the services stay as they are."""
