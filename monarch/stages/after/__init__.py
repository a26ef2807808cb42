"""Acts on copies that are there: the same delivery, lock, look and fence as a crossing, and other writes."""
