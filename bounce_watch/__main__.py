"""`python -m bounce_watch` is `bounce-watch`."""

from bounce_watch.cli.main import run

if __name__ == "__main__":
    run()
