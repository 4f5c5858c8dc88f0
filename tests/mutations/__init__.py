"""`make mutations`: takes each guard of the promise away, in a copy of the tree, and wants a test to fail."""
