"""A simulator of Megvii FaceID H5 with the vendor's limits, for demos and tests."""
