"""Which characters of a Markdown text are prose, and where GitHub sees a reference, a mention or an address in them."""
