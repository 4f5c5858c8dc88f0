"""What the console calls the words of the domain; templates translate them."""
