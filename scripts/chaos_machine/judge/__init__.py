"""The judge: what was owed against what GitHub holds, and what was said against what was so. Pure."""
