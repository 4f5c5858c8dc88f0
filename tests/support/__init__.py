"""What tests are built from: builders, servers, and what reads what was stored."""
