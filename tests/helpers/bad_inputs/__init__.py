"""What people give that cannot be used, each with the command that it is given in."""
