"""The verbs of the command line, one a file, each a function of its checked options."""
