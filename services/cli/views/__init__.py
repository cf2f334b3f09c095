"""What commands show to people: tables, live views."""
