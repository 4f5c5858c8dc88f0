"""A console on real servers, and browsers that look at it."""
