"""Acts on copies that are there."""
