"""The hands: whatever is done to a fleet and its surroundings, a function for each kind of fault."""
