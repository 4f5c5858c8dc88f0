"""RFC 9457 problems: their codes, what each means, and the responses."""
