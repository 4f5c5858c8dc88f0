"""The API that the vendor offers: get_token and get_result."""
