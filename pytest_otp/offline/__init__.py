"""Everything behind the provider `fake`: the phone network, its numbers, the rental desk and its scenarios."""
