"""steps: the news logic, one word of the chain a room: plain functions over frozen values, strangers to each other."""
