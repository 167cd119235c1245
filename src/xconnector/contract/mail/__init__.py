"""The mail around an e-mail rendition: what all channels for e-mail share."""
