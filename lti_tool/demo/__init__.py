"""The demonstration: an LMS and a provider that speak the real protocols, and what starts them all."""
