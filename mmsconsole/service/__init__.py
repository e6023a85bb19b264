"""What speaks HTTPS: downloads, health, metrics."""
