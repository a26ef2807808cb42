"""The chaos machine: a fleet, everything that can happen to it, and a judge who looks at GitHub and not at Monarch."""
