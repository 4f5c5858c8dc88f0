"""Clients and servers of HTTP, with and without sockets."""
