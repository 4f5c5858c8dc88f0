"""Reviews: what people do with decisions."""
