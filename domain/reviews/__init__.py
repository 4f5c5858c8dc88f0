"""Reviews: a person looks at a decision, and what the person concludes is what counts."""
