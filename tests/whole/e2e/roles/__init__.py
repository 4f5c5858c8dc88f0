"""Each role by itself: without its servers, through outages, supervised, at its end."""
