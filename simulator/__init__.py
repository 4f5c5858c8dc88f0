"""The vendor's side: a stand-in for Megvii FaceID H5 with the vendor's real limits, for demos and tests."""
