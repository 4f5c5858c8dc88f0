"""From facts to a decision: the policy file, its rules, the decision and its explanation."""
