"""httpx's maintained successor where it runs, httpx itself on Python 3.10: the same names."""

try:
    import httpx2 as httpx
except ImportError:  # Python 3.10
    import httpx  # type: ignore[no-redef]

__all__ = ["httpx"]
