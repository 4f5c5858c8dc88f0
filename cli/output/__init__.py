"""What commands print: the console, and the message of one that fails."""
