"""Channels from the settings."""

from mmsconsole.alerts.notify.channel import Channel
from mmsconsole.alerts.notify.command import CommandChannel
from mmsconsole.alerts.notify.email import EmailChannel
from mmsconsole.alerts.notify.webhook import PagerDutyChannel, SlackChannel, WebhookChannel
from mmsconsole.clock import Clock
from mmsconsole.errors import NotFound
from mmsconsole.settings import Settings
from mmsconsole.settings.notify import (
    CommandSettings,
    EmailSettings,
    NotifySettings,
    PagerDutySettings,
    SlackSettings,
)


def channels_of(settings: Settings, clock: Clock) -> dict[str, Channel]:
    """By name, in the order of the settings. Nothing is connected to."""
    return {name: _channel(name, one, clock) for name, one in settings.tree.notify.items()}


def channel_of(settings: Settings, clock: Clock, name: str) -> Channel:
    """Raises NotFound."""
    channels = channels_of(settings, clock)
    if name not in channels:
        there = f"the channels are: {', '.join(channels)}" if channels else "there is none yet"
        hint = f"{there}; a channel is a section [notify.NAME] of the settings"
        raise NotFound(f"no channel is called {name!r}", hint=hint)
    return channels[name]


def _channel(name: str, settings: NotifySettings, clock: Clock) -> Channel:
    if isinstance(settings, EmailSettings):
        return EmailChannel(name, settings)
    if isinstance(settings, SlackSettings):
        return SlackChannel(name, settings)
    if isinstance(settings, PagerDutySettings):
        return PagerDutyChannel(name, settings)
    if isinstance(settings, CommandSettings):
        return CommandChannel(name, settings)
    return WebhookChannel(name, settings, clock)
