"""One module for each page: what it asks for, and the template that shows it."""
