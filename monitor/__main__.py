"""`python -m monitor`: the same words as the command `newsmon`."""

from monitor.cli.main import main

if __name__ == "__main__":
    main()
