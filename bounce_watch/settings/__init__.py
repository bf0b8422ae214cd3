"""The settings: one TOML file, no interpolation, unknown keys refused with the nearest known one."""

from bounce_watch.settings.checks import check_receivers
from bounce_watch.settings.load import load_settings
from bounce_watch.settings.values import AccountSettings, AlertSettings, Settings

__all__ = ["AccountSettings", "AlertSettings", "Settings", "check_receivers", "load_settings"]
