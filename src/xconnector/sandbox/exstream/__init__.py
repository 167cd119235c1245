"""Exstream on a laptop: its services, its SOAP, and its engine, which compose real documents of what they are given."""
