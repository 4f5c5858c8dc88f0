"""The pieces of pictures that are stored elsewhere: their rows, their ages, and how they are opened."""
