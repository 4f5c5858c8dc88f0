"""Policies: the file, the rules, the decision and its explanation."""
