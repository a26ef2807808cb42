"""The program `monarch`, also as `python -m monarch`."""


def main() -> None:
    """Run the command that the arguments name."""
    from monarch.cli.commands import app  # noqa: PLC0415 - nothing happens at import
    from monarch.cli.output import output_ended  # noqa: PLC0415 - likewise

    with output_ended():
        app(prog_name="monarch")


if __name__ == "__main__":
    main()
