"""`python -m promptune` is the command `promptune`."""

from promptune.cli import main

if __name__ == "__main__":
    main()
