"""The settings of a gateway, and what of them a page may show."""
