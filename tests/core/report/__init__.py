"""What people read of a target, before and after."""
