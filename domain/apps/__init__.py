"""Customer applications, and the vendor accounts that they share."""
