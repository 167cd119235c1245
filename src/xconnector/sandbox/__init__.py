"""The outside world on a laptop: programs that speak the real protocols on the loopback address."""
