"""HTTP/1.1 for both listeners: sockets, connections, requests, shutdown."""
