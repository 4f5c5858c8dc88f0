"""The rules of a policy, one matter each."""
