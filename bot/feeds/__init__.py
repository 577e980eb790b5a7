"""Feed bytes → entries → the library."""
