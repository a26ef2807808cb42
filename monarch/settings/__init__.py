"""The environment, read once, as one frozen value: `load_settings` → `Settings`, or a `ConfigurationError`."""

from monarch.settings.effective import Effective, effective
from monarch.settings.mistakes import ConfigurationError
from monarch.settings.model import Settings
from monarch.settings.reading import ENV_FILE, load_settings, names, read_given, settings_from

__all__ = [
    "ENV_FILE",
    "ConfigurationError",
    "Effective",
    "Settings",
    "effective",
    "load_settings",
    "names",
    "read_given",
    "settings_from",
]
