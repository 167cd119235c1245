"""Engine Web Services: the classic engine behind SOAP."""
