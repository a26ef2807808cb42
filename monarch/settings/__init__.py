"""The environment, read once, as one frozen value: `load_settings` → `Settings`, or a `ConfigurationError`."""

from monarch.settings.mistakes import ConfigurationError
from monarch.settings.model import Settings
from monarch.settings.reading import ENV_FILE, load_settings, names, settings_from

__all__ = ["ENV_FILE", "ConfigurationError", "Settings", "load_settings", "names", "settings_from"]
