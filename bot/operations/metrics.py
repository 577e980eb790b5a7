"""Metrics in Prometheus's format: of commands as they run, and of the rest when they are read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.operations.status import Status

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)


class Metrics:
    """The metrics of one bot, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._commands = Counter(
            "lab_herald_commands",
            "Commands and menus that were used, by command and outcome: ok, refused (with a "
            "reason) or failed (a fault, whose reference is in the log).",
            ["command", "outcome"],
            registry=self.registry,
        )
        self._command_seconds = Histogram(
            "lab_herald_command_seconds",
            "How long commands took, in seconds, by command.",
            ["command"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._loop_lag = Histogram(
            "lab_herald_event_loop_lag_seconds",
            "How late the event loop was, in seconds; Discord drops a bot that is late by minutes.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._gauges = {
            name: Gauge(f"lab_herald_{name}", description, registry=self.registry)
            for name, description in (
                ("papers", "Papers in the list."),
                ("feeds", "Followed feeds."),
                ("feeds_failing", "Feeds whose last check failed."),
                ("feeds_paused", "Feeds that aren't checked."),
                ("sources_failing", "Sources of people's papers that didn't answer last time."),
                ("outbox_messages", "Messages that wait to be sent."),
                (
                    "outbox_oldest_seconds",
                    "How long the oldest message has been waiting, in seconds.",
                ),
                ("gateway_connected", "Whether all shards are connected to Discord's gateway."),
                ("shards", "Connections to Discord's gateway that the bot should have."),
                ("shards_connected", "Connections to Discord's gateway that are open."),
                ("servers", "Discord servers that the bot is in."),
                ("database_bytes", "The size of the database file."),
                ("database_usable", "Whether the database can be read and is undamaged."),
                ("last_poll_timestamp_seconds", "When the bot last looked for due feeds."),
                ("last_backup_timestamp_seconds", "When the newest backup was made."),
                ("ready", "Whether /readyz says that all is well."),
            )
        }

        self._latency = Gauge(
            "lab_herald_gateway_latency_seconds",
            "The latency of Discord's gateway, by shard.",
            ["shard"],
            registry=self.registry,
        )

    def record_command(self, command: str, outcome: str, seconds: float) -> None:
        """Counts a command that ended with an outcome after some time."""
        self._commands.labels(command, outcome).inc()
        self._command_seconds.labels(command).observe(seconds)

    def record_loop_lag(self, seconds: float) -> None:
        """Records how late the event loop was."""
        self._loop_lag.observe(seconds)

    def render(
        self,
        status: Status,
        values: Mapping[str, float],
        latencies: Iterable[tuple[int, float]] = (),
    ) -> bytes:
        """Returns all metrics as text, after setting those of the status and other ``values``.

        ``latencies`` are those of shards, and left out if they aren't finite.
        """
        last_poll_at = status.last_poll_at
        values = {
            "outbox_messages": status.outbox_messages,
            "outbox_oldest_seconds": status.outbox_age.total_seconds(),
            "gateway_connected": status.is_connected,
            "shards": status.shard_count,
            "shards_connected": status.shard_count - len(status.lost_shards),
            "database_usable": status.is_database_usable,
            "last_poll_timestamp_seconds": last_poll_at.timestamp() if last_poll_at else 0,
            "ready": status.is_ready,
            **values,
        }
        for name, value in values.items():
            self._gauges[name].set(float(value))
        self._latency.clear()
        for shard_id, latency in latencies:
            if math.isfinite(latency):  # it isn't at first
                self._latency.labels(str(shard_id)).set(latency)
        return generate_latest(self.registry)
