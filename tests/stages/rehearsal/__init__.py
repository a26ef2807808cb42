"""The dry run says before what is then done."""
