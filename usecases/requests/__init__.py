"""What the api, the command line and a returning browser ask for."""
