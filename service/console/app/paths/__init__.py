"""Where a page is: paths, the view of a list in its URL, and the navigation."""
