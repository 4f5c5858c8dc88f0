"""Requests from the api, from the command line and from a returning browser."""
