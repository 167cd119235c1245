"""Durable jobs, waits, retries, and limits; it knows no communications."""
