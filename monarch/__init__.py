"""Monarch copies the tickets of a template repository into many student-team repositories.

`monarch.core` holds what is decided and the glossary; `monarch.stages` what is done, in which order;
`monarch.adapters` how it is done with Valkey, GitHub and Slack; `monarch.app` puts them together.
"""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Answer `__version__` when it is asked for: nothing is read at import."""
    if name == "__version__":
        return _version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    try:
        return version("monarch-tickets")
    except PackageNotFoundError:  # a checkout that is not installed
        return "0+unknown"
