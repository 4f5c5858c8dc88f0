"""The store of pictures: a folder, or a bucket that speaks S3."""
