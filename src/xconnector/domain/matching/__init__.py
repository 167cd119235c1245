"""Who is the same customer: keys that members share, what links them, and what keeps them apart."""
