"""Writes sentiment signals to Redis in the form that the Redis contract defines."""
