"""text: what words, links and markup are. Pure functions over strings; nothing here knows a feed."""
