"""cli: the words a person types. Each room is a group of commands; what is heavy is imported only where it is used."""
