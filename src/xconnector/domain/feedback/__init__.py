"""What comes back: bounces, complaints, replies and providers' reports, read into one vocabulary."""
