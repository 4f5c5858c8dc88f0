"""Workers as tests run them."""
