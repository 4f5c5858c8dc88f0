"""The API's requests and answers as pydantic models."""
