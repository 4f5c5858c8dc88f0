"""What a browser sends: posted forms, and values in forms and queries."""
