"""Reviews and appeals."""
