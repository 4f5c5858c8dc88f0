"""What a good engineer writes straight from the vendor's page with FastAPI, arq and httpx."""
