"""What people do: one function each, called by the command line, the API and the console alike."""
