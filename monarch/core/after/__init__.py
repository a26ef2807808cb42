"""After the copy: what a person may ask for existing copies, and the decision for each of them."""
