"""What xConnector remembers."""
