"""After the copy: what a person may ask of copies that are there, and how it is decided for each of them."""
