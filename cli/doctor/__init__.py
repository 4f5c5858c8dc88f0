"""`doctor`: one module for each matter that it checks."""
