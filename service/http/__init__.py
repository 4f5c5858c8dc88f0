"""HTTP/1.1 as both listeners speak it: sockets, connections, requests, the end of a process."""
