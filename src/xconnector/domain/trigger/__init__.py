"""When a communication that was asked for begins, waits, or is not made after all."""
