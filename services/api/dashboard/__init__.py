"""The page: what the operations answer, rendered by the server, with a small script of its own."""
