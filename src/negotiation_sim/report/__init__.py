"""Reports: a folder of results told as one page that needs nothing else, with its figures beside it."""
