"""store: the one truth. SQLAlchemy Core on SQLite; one room a noun, each a set of plain functions over a transaction."""
