"""The rules of a policy, one subject each."""
