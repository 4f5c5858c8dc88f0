"""The command line: `faceid-gateway dev | demo | serve | worker | migrate | doctor | …`."""
