"""The API: what the system knows and does, over HTTP and a WebSocket, with access control."""
