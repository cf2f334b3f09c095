"""How many messages wait in the queues, and how fast they come and go."""
