"""`python -m bot` is `lab-herald`."""

from bot.cli import main

if __name__ == "__main__":
    main()
