"""How a person proves who it is: password hashes, codes of a second factor, an identity provider."""
