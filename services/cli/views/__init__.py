"""Shows the output of commands to people, as tables and live views."""
