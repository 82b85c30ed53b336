"""Call logs of many formats, each read by one file, all to one table of calls."""
